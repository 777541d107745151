import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { guarded, hook } from '../src/lib/api/fetch';

const answers: (() => Response)[] = [];
const sent: Request[] = [];
const json = (status: number, body: unknown) => () => new Response(JSON.stringify(body), { status });
const order = () => new Request('http://desk.test/api/orders', { method: 'POST', body: '{"quantity":"1"}' });

beforeEach(() => {
  answers.length = 0;
  sent.length = 0;
  vi.stubGlobal('fetch', async (request: Request) => {
    sent.push(request);
    const next = answers.shift();
    if (!next) throw new TypeError('network');
    return next();
  });
  vi.useFakeTimers({ shouldAdvanceTime: true, advanceTimeDelta: 500 });
});
afterEach(() => {
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

const key = (n: number) => sent[n]?.headers.get('Idempotency-Key');

describe('requests', () => {
  it('give writes a key and reads none', async () => {
    answers.push(json(200, {}), json(200, {}));
    await guarded(order());
    await guarded(new Request('http://desk.test/api/desk'));
    expect(key(0)).toMatch(/^[0-9a-f-]{36}$/);
    expect(key(1)).toBeNull();
  });

  it('repeat what got no answer with the same key, then give up', async () => {
    const lost = () => {
      throw new TypeError('network');
    };
    answers.push(lost, json(201, {}));
    expect((await guarded(order())).status).toBe(201);
    expect(sent).toHaveLength(2);
    expect(key(0)).toBe(key(1));
    answers.push(lost, lost, lost);
    await expect(guarded(order())).rejects.toMatchObject({ code: 'desk_unreachable' });
  });

  it('never repeat a sign-in', async () => {
    await expect(guarded(new Request('http://desk.test/api/sessions', { method: 'POST', body: '{}' }))).rejects.toThrow();
    expect(sent).toHaveLength(1);
  });

  it('ask for a proof and send the same request again', async () => {
    const challenge = { code: 'step_up_required', detail: '', action: 'POST /api/kill/release', argument_hash: 'ab', factors: ['password'] };
    answers.push(json(403, challenge), json(200, {}));
    const asked = vi.fn(async () => 'proof');
    hook({ prove: asked });
    expect((await guarded(order())).status).toBe(200);
    expect(asked).toHaveBeenCalledWith({ action: challenge.action, argument_hash: 'ab', factors: ['password'] });
    expect(sent[1]?.headers.get('Step-Up')).toBe('proof');
    expect(key(0)).toBe(key(1));
    expect(await sent[1]?.text()).toBe('{"quantity":"1"}');
  });

  it('do nothing when a person declines', async () => {
    answers.push(json(403, { code: 'step_up_required', detail: '', action: 'x', argument_hash: 'ab' }));
    hook({ prove: async () => null });
    await expect(guarded(order())).rejects.toMatchObject({ code: 'step_up_cancelled' });
    expect(sent).toHaveLength(1);
  });

  it('tell that the session has ended', async () => {
    const ended = vi.fn();
    hook({ ended });
    answers.push(json(401, { code: 'unauthorized', detail: '' }));
    await expect(guarded(order())).rejects.toMatchObject({ code: 'signed_out' });
    expect(ended).toHaveBeenCalledOnce();
  });
});
