import { describe, expect, it } from 'vitest';
import type { DeskView, RecordView } from '../src/lib/api/types';
import { DESK_LIMITS, useOfDesk } from '../src/lib/format/limitCatalog';
import { askerOf, behind, originStart, originText } from '../src/lib/format/origin';
import { bodyOf, originOf, sentence, whoOf } from '../src/lib/format/records';
import { tell } from '../src/lib/trading/story';

const record = (kind: string, body: object) => ({ kind, body }) as unknown as RecordView;
const trend = { kind: 'strategy', principal: 'strategy:trend-1' };
const told = { ...trend, asked_by: 'key:bot' };
const kept = { ...trend, asked_by: { kind: 'api_key', principal: 'key:bot' } };

describe('who is behind something', () => {
  it('is a name, or what kind of thing has it', () => {
    expect(originText({ kind: 'human', principal: 'ann' })).toBe('ann');
    expect(originText({ kind: 'api_key', principal: 'key:bot' })).toBe('the key bot');
    expect(originText({ kind: 'api_key', principal: 'bootstrap' })).toBe('the key bootstrap');
    expect(originText({ kind: 'campaign', principal: 'campaign:btc' })).toBe('the DCA campaign btc');
    expect(originText({ kind: 'copy', principal: 'copy:a:b' })).toBe('the copied signal a:b');
    expect(originText({ kind: 'system', principal: 'desk' })).toBe('the desk');
    expect(originText({ kind: 'external', principal: 'external' })).toBe('somebody outside the desk');
    expect(originText({ kind: 'new_kind', principal: 'x:y' })).toBe('x:y');
  });

  it('is the source and who asked for it, as the API tells and the journal keeps it', () => {
    expect(originText(told)).toBe('the strategy trend-1, asked for by the key bot');
    expect(originText(kept)).toBe(originText(told));
    expect(originText({ kind: 'agent', principal: 'agent:a', asked_by: 'ann' })).toBe('the agent a, asked for by ann');
    expect(originText({ ...trend, asked_by: null })).toBe('the strategy trend-1');
    expect([askerOf(told), askerOf(kept), askerOf(trend)]).toEqual(['key:bot', 'key:bot', null]);
  });

  it('begins a sentence without another spelling of a name', () => {
    expect(originStart(told)).toBe('The strategy trend-1, asked for by the key bot');
    expect(originStart({ kind: 'human', principal: 'ann' })).toBe('ann');
  });

  it('does not approve it', () => {
    expect(behind({ kind: 'human', principal: 'ann' }, ['ann'])).toBe('ann');
    expect(behind({ ...trend, asked_by: 'ann' }, ['ann'])).toBe('ann');
    expect(behind(told, ['ann', 'key:bot'])).toBe('key:bot');
    expect(behind(told, ['ann', 'bot'])).toBeNull();
  });
});

describe('records of a source for which somebody spoke', () => {
  const intent = { id: 'i1', side: 'buy', size: { quantity: '5' }, instrument: 'sim:SYN', origin: kept };
  it('name both', () => {
    const held = record('order_held', { intent, notional: '500', limit: '100' });
    expect(sentence(held)).toBe('Buy 5 SYN (the strategy trend-1, asked for by the key bot) waits for approval: worth 500.00, above 100');
    expect(tell(held).text).toContain('Needs approval (the strategy trend-1, asked for by the key bot)');
    expect([whoOf(bodyOf(held)), originOf(bodyOf(held))]).toEqual(['strategy:trend-1', kept]);
    const refused = record('intent_refused', { class: 'entry', intent, refusals: [{ code: 'order_notional', message: 'Too large.' }] });
    expect(sentence(refused)).toBe('Blocked: Buy 5 SYN (the strategy trend-1, asked for by the key bot). Too large.');
    expect(tell(refused).text).toContain('buy 5 SYN (the strategy trend-1, asked for by the key bot), as an entry');
    const recorded = record('order_recorded', { class: 'entry', side: 'buy', qty: '5', instrument: 'sim:SYN', kind: { type: 'market' }, origin: kept });
    expect(sentence(recorded)).toBe('Entry: buy 5 SYN, market (the strategy trend-1, asked for by the key bot)');
  });

  it('name one where it asked itself, and nobody for what the desk saw', () => {
    const counted = record('refusals_counted', { origin: trend, count: 3, codes: ['order_notional'] });
    expect(sentence(counted)).toBe('3 more requests of the strategy trend-1 were blocked');
    expect(tell(counted).text).toBe('3 more requests of the strategy trend-1 were blocked: Order notional.');
    expect(sentence(record('order_held', { intent: { ...intent, origin: trend }, notional: '500', limit: '100' }))).toContain('Buy 5 SYN waits');
    expect(originOf({ heads: {} })).toBeNull();
    expect(tell(record('kill_pulled', { level: 'pause', reason: 'r', by: { kind: 'human', principal: 'ann' } })).text).toContain('by ann: r.');
  });
});

describe('what all accounts use', () => {
  const gross = DESK_LIMITS.find((one) => one.name === 'gross_exposure')!;
  const use: DeskView['use'] = { gross_exposure: '120', net_long: '20', net_short: '-20', entries_notional: '7', open_orders: 2 };
  it('is shown to whoever may see every account, and to nobody else', () => {
    expect(useOfDesk(gross, '1000', { use }, 'USD')).toMatchObject({ used: '120', of: '1000' });
    expect(useOfDesk(gross, null, { use }, 'USD')).toBeNull();
    expect(useOfDesk(gross, '1000', { use: null }, 'USD')).toBeNull();
    expect(useOfDesk(gross, '1000', {}, 'USD')).toBeNull();
  });
});
