// What was asked of a run, in words. It must not know how it is shown.
import type { Axis, Search } from '../api/research';
import { amount } from '../format/number';

const axisText = (name: string, { from, to, step }: Axis) => `${name} ${amount(String(from))} to ${amount(String(to))}${step === null || step === undefined ? '' : ` by ${amount(String(step))}`}`;

/** What a search tried: `fast 5 to 15 by 5, slow 20 to 40 by 10`. */
export function searchText(search: Search | undefined): string {
  if (search?.random !== undefined) return `${amount(String(search.random))} random sets`;
  return Object.entries(search?.grid ?? {}).map(([name, axis]) => axisText(name, axis)).join(', ');
}

const PARTS: Record<string, string> = {
  strategy: 'Strategy', text: 'Text of the strategy (hash)', symbols: 'Symbols', timeframe: 'Bars of', kind: 'Kind', cash: 'Cash to begin with, USD',
  fee: 'Fee, share of value', slippage_bps: 'Slippage, bps', spread_bps: 'Spread, bps', borrow_rate: 'Borrow rate a year', limits: 'Limits in force',
  compare: 'Limits to compare with', seed: 'Seed', from: 'First day', until: 'Last day', 'search.sets': 'Searched', 'search.objective': 'Looked for',
  'walk.train': 'Chosen on, bars', 'walk.test': 'Tested on the next, bars', 'walk.anchored': 'Every stretch begins with the first bar', 'lookahead.cuts': 'Cuts',
};

/** A part of a request as the form calls it; a parameter by its name. */
export function partName(path: string): string {
  return PARTS[path] ?? path.replace(/^params\./, '');
}
