import { describe, expect, it } from 'vitest';
import type { BarView, PositionView } from '../src/lib/api/types';
import { apart } from '../src/lib/charts/levels';
import { addPrice } from '../src/lib/trading/candles';
import { breakEven, entryRisk, levelFault, multipleOfRisk, percentOf, resultAt, shareOf, stopChange, withLevels } from '../src/lib/trading/protection';
import { concerns, isNotice, tell } from '../src/lib/trading/story';

const long = { qty: '10', average_price: '99.71', mark: '101', stop: '95', target: '110', targets: [], trail: null, time_stop: null } as unknown as PositionView;
const short = { ...long, qty: '-10', mark: '98', stop: '105', target: '90' } as PositionView;

describe('levels of a position', () => {
  it('cost what lies between them and the average price', () => {
    expect(resultAt(long, '95')).toBe('-47.1');
    expect(resultAt(short, '105')).toBe('-52.9');
    expect(resultAt(long, '95', '5')).toBe('-235.5');
    expect(resultAt({ ...long, average_price: null }, '95')).toBeNull();
  });

  it('loosen when more can be lost', () => {
    expect(stopChange(long, '94')).toEqual({ loosens: true, before: '-47.1', after: '-57.1', difference: '-10' });
    expect(stopChange(long, '96')).toMatchObject({ loosens: false, difference: '10' });
    expect(stopChange(short, '106')).toMatchObject({ loosens: true, difference: '-10' });
    expect(stopChange(short, '104').loosens).toBe(false);
    expect(stopChange(long, null).loosens).toBe(true);
    expect(stopChange({ ...long, stop: null }, '90')).toMatchObject({ loosens: false, before: null });
  });

  it('stand on the side where they do not act at once', () => {
    expect(levelFault(long, 'stop', '100')).toBeNull();
    expect(levelFault(long, 'stop', '101')).toContain('below');
    expect(levelFault(long, 'target', '102')).toBeNull();
    expect(levelFault(long, 'target', '100')).toContain('above');
    expect(levelFault(short, 'stop', '97')).toContain('above');
    expect(levelFault(short, 'target', '97')).toBeNull();
    expect(levelFault(short, 'target', '99')).toContain('below');
    expect(levelFault(long, 'stop', '0')).toContain('zero');
  });

  it('are sent whole when one of them moves', () => {
    expect(withLevels(long, { stop: '96' })).toEqual({ stop: '96', target: '110' });
    const rich = {
      ...long, targets: [{ percent: '50', price: '105', taken: true, watched_here: true }],
      trail: { by: 'percent', distance: '2', activation: '103', watched_here: true }, time_stop: { after_secs: 60, at: null, due: null, watched_here: true },
    } as unknown as PositionView;
    expect(withLevels(rich, { target: null })).toEqual({ stop: '95', targets: [{ percent: '50', price: '105' }], trail_percent: '2', trail_activation: '103', time_stop_secs: 60 });
    expect(withLevels(long, { stop: null })).toEqual({ target: '110', accept_unprotected: true });
  });

  it('go to break-even only after the price has passed it', () => {
    expect(breakEven(long)).toBe('99.71');
    expect(breakEven({ ...long, mark: '99.71' })).toBeNull();
    expect(breakEven(short)).toBe('99.71');
    expect(breakEven({ ...short, mark: '100' })).toBeNull();
  });
});

describe('an entry', () => {
  it('risks the way to its stop', () => {
    expect(entryRisk('997', '99.7', '95')).toBe('47');
    expect(percentOf('47', '10000')).toBe('0.47');
    expect(percentOf('47', '0')).toBeNull();
    expect(multipleOfRisk('100', '95', '110')).toBe('2');
    expect(multipleOfRisk('100', '100', '110')).toBeNull();
  });

  it('is closed in shares of its size', () => {
    expect(shareOf('-10', '25')).toBe('2.5');
    expect(shareOf('0.003', '50')).toBe('0.0015');
  });
});

describe('handles of levels', () => {
  it('stand apart, in order and within bounds', () => {
    expect(apart([{ id: 'a', y: 100 }, { id: 'b', y: 200 }], 20, 300)).toEqual({ a: 100, b: 200 });
    expect(apart([{ id: 'b', y: 105 }, { id: 'a', y: 100 }], 20, 300)).toEqual({ a: 100, b: 127 });
    expect(apart([{ id: 'a', y: 290 }, { id: 'b', y: 299 }], 20, 300)).toEqual({ a: 273, b: 300 });
    expect(apart([{ id: 'a', y: 3 }], 66, 300)).toEqual({ a: 66 });
  });
});

describe('candles', () => {
  it('grow with each price and never go back', () => {
    const bars: BarView[] = [];
    for (const [at, price] of [['10:00:01', '5'], ['10:00:30', '7'], ['10:00:59', '6'], ['10:01:00', '4'], ['10:00:10', '99']]) addPrice(bars, `2008-06-02T${at}Z`, price ?? '', 60_000);
    expect(bars).toHaveLength(2);
    expect(bars[0]).toMatchObject({ open: '5', high: '7', low: '5', close: '6', open_at: '2008-06-02T10:00:00.000Z' });
    expect(bars[1]).toMatchObject({ open: '4', high: '4' });
    addPrice(bars, 'nonsense', '1', 60_000);
    expect(bars).toHaveLength(2);
  });
});

describe('records', () => {
  const refused = { kind: 'intent_refused', body: { class: 'entry', intent: { id: 'i1', side: 'buy', instrument: 'sim:SYN', size: { quantity: '5000' } }, refusals: [{ code: 'order_notional' }] } };
  const filled = { kind: 'filled', body: { fill: { client_order_id: 'c1', side: 'buy', qty: '10', price: '99.7', fee: { amount: '0.997', currency: 'USD' } } } };
  it('are told in sentences', () => {
    expect(tell(refused).text).toBe('Blocked: buy 5,000 SYN, as an entry, by order notional.');
    expect(tell(filled)).toEqual({ text: 'Bought 10 at 99.7, fee 1.00 USD.', tone: 'good' });
    expect(tell({ kind: 'something_new', body: {} }).text).toBe('Something new');
  });

  it('belong to an order by its id, its request or its close', () => {
    expect(concerns(filled, { order: 'c1' })).toBe(true);
    expect(concerns(filled, { order: 'c2' })).toBe(false);
    expect(concerns(refused, { intent: 'i1' })).toBe(true);
    expect(concerns({ kind: 'close_ended', body: { id: 3, done: true, text: '' } }, { order: 'c1', close: 3 })).toBe(true);
    expect(concerns({ kind: 'close_ended', body: { id: 3, done: true, text: '' } }, { order: 'c1' })).toBe(false);
  });

  it('are notices when a person should see them', () => {
    expect(isNotice({ kind: 'alarm', body: { code: 'unprotected', text: '' } })).toBe(true);
    expect(isNotice({ kind: 'close_ended', body: { done: true } })).toBe(false);
    expect(isNotice({ kind: 'close_ended', body: { done: false } })).toBe(true);
    expect(isNotice(filled)).toBe(false);
  });
});
