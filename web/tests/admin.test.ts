import { describe, expect, it } from 'vitest';
import type { RecordView, TripView } from '../src/lib/api/types';
import { csv } from '../src/lib/download';
import { aftermath, undescribed } from '../src/lib/format/aftermath';
import { changes, LIMITS, shown } from '../src/lib/format/limitCatalog';
import { orderOf, sentence, whoOf, bodyOf } from '../src/lib/format/records';
import { grouped, statsOf, withDrawdown } from '../src/lib/format/stats';

const record = (kind: string, body: object, seq = 1) => ({ kind, body, seq, at: '2008-06-02T15:00:00Z', wall_at: '', version: 1, prev: '', hash: '', body_text: '' }) as unknown as RecordView;
const trip = (net: string | null, more: object = {}) =>
  ({ net, currency: 'USD', book: 'a', symbol: 'sim:X', exit_reason: 'stop', source: 'human', opened: '2008-06-02T15:00:00Z', closed: '2008-06-02T16:00:00Z', r: null, fees: {}, ...more }) as unknown as TripView;

describe('limits', () => {
  it('are raised when they allow anything more, as the desk judges', () => {
    const way = (from: object, to: object) => changes(from as never, to as never).map((one) => one.way);
    expect(way({ order_notional: '5%' }, { order_notional: '4%' })).toEqual(['tightened']);
    expect(way({ order_notional: '5%' }, { order_notional: '1000' })).toEqual(['raised']);
    expect(way({ order_notional: '5%' }, {})).toEqual(['raised']);
    expect(way({}, { open_orders: 5 })).toEqual(['tightened']);
    expect(way({ denied: ['sim:X'] }, {})).toEqual(['raised']);
    expect(way({ allowed: ['sim:X', 'sim:Y'] }, { allowed: ['sim:X'] })).toEqual(['tightened']);
    expect(way({ loss_cooldown_secs: 60 }, { loss_cooldown_secs: 61 })).toEqual(['tightened']);
    expect(way({ order_notional: '5.0%' }, { order_notional: '5%' })).toEqual([]);
  });

  it('are read with their unit', () => {
    const info = (name: string) => LIMITS.find((one) => one.name === name) ?? LIMITS[0]!;
    expect(shown(info('order_notional'), '10%', 'USD')).toBe('10 % of capital');
    expect(shown(info('order_notional'), '2500', 'USD')).toBe('2,500.00 USD');
    expect(shown(info('quote_age_ms'), 60_000, 'USD')).toBe('1 min');
  });
});

describe('figures of round trips', () => {
  it('are undefined with a reason rather than zero', () => {
    const none = statsOf([]);
    expect(none.winRate.value).toBeNull();
    expect(none.winRate.why).toMatch(/no round trip/);
    const wins = statsOf([trip('10'), trip('5')]);
    expect(wins.profitFactor).toEqual({ value: null, why: 'nothing was lost' });
    expect(wins.expectancy.value).toBe('7.5');
    expect(statsOf([trip('1'), trip('2', { currency: 'EUR' })]).net.value).toBeNull();
  });

  it('are exact', () => {
    const stats = statsOf([trip('0.1'), trip('0.2'), trip('-0.1', { r: '-1' }), trip(null)]);
    expect(stats.net.value).toBe('0.2');
    expect(stats.profitFactor.value).toBe('3');
    expect(stats.winRate.value).toBe('66.6666');
    expect(stats.meanR.value).toBe('-1');
    expect(stats.untold).toBe(1);
    expect(grouped([trip('1'), trip('1', { symbol: 'sim:Y' }), trip('1')], 'symbol').map((one) => one.key)).toEqual(['sim:X', 'sim:Y']);
    expect(withDrawdown([{ at: '', equity: '100' }, { at: '', equity: '90' }]).map((one) => one.drawdown)).toEqual(['0', '-10']);
  });
});

describe('records', () => {
  it('are sentences, and the desk’s own are unwrapped', () => {
    const started = record('desk_started', { desk_started: { incarnation: 2, version: '0.1.0' } });
    expect(sentence(started)).toBe('The desk started, run 2, version 0.1.0');
    const held = record('order_held', { intent: { id: 'i1', side: 'buy', size: { notional: '4000' }, instrument: 'sim:BTC', origin: { principal: 'strategy:x' } }, notional: '3999', limit: '2500' });
    expect(sentence(held)).toContain('Buy 4,000 worth of BTC waits for approval');
    expect(whoOf(bodyOf(held))).toBe('strategy:x');
    expect(orderOf(bodyOf(held))).toBe('i1');
    expect(sentence(record('something_new', {}))).toBe('Something new');
    expect(sentence(record('order_recorded', { odd: 1 }))).toContain('Order');
  });
});

describe('after a stop', () => {
  it('tells what it did from what happened anyway', () => {
    const records = [
      record('cancel_recorded', { client_order_id: 'e1', reason: 'kill switch' }),
      record('order_ended', { client_order_id: 'e1' }),
      record('cancel_recorded', { client_order_id: 'e2', reason: 'kill switch' }),
      record('cancel_recorded', { client_order_id: 's1', reason: 'makes way for a close' }),
      record('close_started', { id: 1, instrument: 'sim:X', purpose: 'target', qty: '1', book: 'a' }),
      record('close_ended', { id: 1, done: true, text: 'closed' }),
      record('close_started', { id: 2, instrument: 'sim:Y', purpose: 'flatten', qty: '1', book: 'a' }),
    ];
    expect(undescribed(records, new Map())).toEqual(['e1', 'e2', 's1']);
    const found = aftermath(records, new Map([['e1', { symbol: 'sim:X', what: 'buy 1' }]]));
    expect(found.cancelled.map((one) => one.order)).toEqual(['e1']);
    expect(found.open.map((one) => one.order)).toEqual(['e2']);
    expect([found.closed.length, found.otherCloses, found.unclosed.length]).toEqual([0, 1, 1]);
  });
});

describe('CSV', () => {
  it('runs no formula in a spreadsheet and keeps numbers', () => {
    expect(csv(['a', 'b'], [['=HYPERLINK("x")', '-1.5'], ['x,y', null]])).toBe('a,b\r\n"\'=HYPERLINK(""x"")",-1.5\r\n"x,y",\r\n');
  });
});
