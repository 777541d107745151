import { expect, it } from 'vitest';
import { refusalAmount, refusalText, spanOf } from '../src/lib/format/refusal';
import type { RefusalView } from '../src/lib/api/types';

const old: RefusalView = {
  code: 'stale_quote', message: 'The latest price is too old. Limit 86400000 ms, this would be 236481796 ms.', limit: '86400000 ms', value: '236481796 ms',
  max_allowed_qty: null, set_by: 'account', can_change: true, remedy: 'Wait for a price.',
};

it('tells ages in units that people use, and the sentence without its numbers', () => {
  expect(refusalText(old)).toBe('The latest price is too old.');
  expect(refusalAmount(old, old.limit, 'USD')).toBe('24 h');
  expect(refusalAmount(old, old.value, 'USD')).toBe('2.7 days');
  expect([850, 1_000, 14_500, 90_000, 870_000].map(spanOf)).toEqual(['850 ms', '1 s', '14.5 s', '90 s', '14.5 min']);
  expect(refusalAmount(old, '60 s', 'USD')).toBe('60 s');
});

it('leaves other refusals as they are', () => {
  const cap = { ...old, code: 'order_notional', message: 'The order’s value is above the limit. Limit 10000, this would be 646979.5.' };
  expect(refusalText(cap)).toBe('The order’s value is above the limit.');
  expect(refusalAmount(cap, '10000', 'USD')).toBe('10,000.00 USD');
});
