import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { identity } from '../src/lib/api/identity';
import { hook } from '../src/lib/api/fetch';
import { keys, me, people } from '../src/lib/api/people';

const answers: [number, unknown][] = [];
const sent: { method: string; path: string; key: string | null; proof: string | null; body: string }[] = [];

beforeEach(() => {
  answers.length = sent.length = 0;
  vi.stubGlobal('fetch', async (request: Request) => {
    const { method, headers } = request;
    sent.push({ method, path: new URL(request.url).pathname, key: headers.get('Idempotency-Key'), proof: headers.get('Step-Up'), body: await request.text() });
    const [status, body] = answers.shift() ?? [500, null];
    return new Response(JSON.stringify(body), { status });
  });
});
afterEach(() => vi.unstubAllGlobals());

describe('people, keys and sessions', () => {
  it('are sent with the key of the action, also after a proof', async () => {
    hook({ prove: async () => 'proof' });
    answers.push([403, { code: 'step_up_required', detail: '', action: 'POST /api/users', argument_hash: 'ab', factors: ['password'] }], [201, { name: 'bob' }]);
    const added = await people.add({ name: 'bob', role: 'viewer', password: 'x' }, { 'Idempotency-Key': 'k1' });
    expect(added.name).toBe('bob');
    expect(sent.map((one) => [one.key, one.proof])).toEqual([['k1', null], ['k1', 'proof']]);
    expect(JSON.parse(sent[1]?.body ?? '')).toEqual({ name: 'bob', role: 'viewer', password: 'x' });
    answers.push([200, { done: true }], [200, { user: {}, password: 'once' }]);
    await keys.revoke('a/b', { 'Idempotency-Key': 'k2' });
    expect(sent[2]).toMatchObject({ method: 'DELETE', path: '/api/keys/a%2Fb', key: 'k2', body: '' });
    expect((await people.reset('u1', { 'Idempotency-Key': 'k3' })).password).toBe('once');
    expect(sent[3]).toMatchObject({ method: 'POST', path: '/api/users/u1/reset', key: 'k3', body: '' });
  });

  it('tell that the session has ended', async () => {
    const ended = vi.fn();
    hook({ ended });
    answers.push([401, { code: 'unauthorized', detail: '' }]);
    await expect(people.list()).rejects.toMatchObject({ code: 'signed_out' });
    expect(ended).toHaveBeenCalledOnce();
  });

  it('keep every problem of a password for the page', async () => {
    const ended = vi.fn();
    hook({ ended });
    answers.push([401, { code: 'second_factor_needed', detail: 'A code is needed.', remedy: '' }], [401, { code: 'sign_in_failed', detail: '', remedy: '' }], [422, null]);
    await expect(me.password('a', 'b')).rejects.toMatchObject({ code: 'second_factor_needed', message: 'A code is needed.' });
    await expect(identity.signIn('ann', 'wrong')).rejects.toMatchObject({ code: 'sign_in_failed' });
    await expect(me.password('a', 'b')).rejects.toMatchObject({ code: 'http_422' });
    expect(sent[0]).toMatchObject({ method: 'PUT', path: '/api/me/password', body: '{"current":"a","new":"b"}' });
    expect(ended).not.toHaveBeenCalled();
  });
});
