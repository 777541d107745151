// Runs beside each other: figures with their differences, equity from 100 on, what was asked
// differently. It must not know how they are shown.
import type { CurvePoint, RunView } from '../api/research';
import { millis } from '../format/time';
import { searchText } from './asked';
import { numeric } from './figures';

export const COMPARED_MIN = 2;
export const COMPARED_MAX = 4;

/** A curve of equity from 100 on. */
export interface Rebased {
  times: number[];
  values: number[];
}

/** Equity as a share of where it began, in percent; empty when it began with nothing. */
export function rebased(curve: readonly CurvePoint[]): Rebased {
  const first = numeric(curve[0]?.equity);
  if (first === null || first <= 0) return { times: [], values: [] };
  const found: Rebased = { times: [], values: [] };
  for (const point of curve) {
    const [at, value] = [millis(point.at), numeric(point.equity)];
    if (at === null || value === null) continue;
    found.times.push(at / 1000);
    found.values.push((value / first) * 100);
  }
  return found;
}

/** Several curves over the union of their times. A curve that is thinned holds its last value; before its first and behind its last time it has none. */
export function aligned(curves: readonly Rebased[]): { times: number[]; series: (number | null)[][] } {
  const times = [...new Set(curves.flatMap((one) => one.times))].sort((a, b) => a - b);
  const series = curves.map((curve) => {
    let n = -1;
    const end = curve.times.at(-1) ?? -Infinity;
    return times.map((at) => {
      while (n + 1 < curve.times.length && (curve.times[n + 1] ?? Infinity) <= at) n += 1;
      return n < 0 || at > end ? null : (curve.values[n] ?? null);
    });
  });
  return { times, series };
}

/** Parts of a request by their path, such as `search.grid.fast.from`. */
export function flat(value: unknown, path = ''): Map<string, string> {
  if (value === null || value === undefined) return new Map();
  if (typeof value !== 'object') return new Map([[path, String(value)]]);
  return new Map(Object.entries(value).flatMap(([name, part]) => [...flat(part, path === '' ? name : `${path}.${name}`)]));
}

export interface Difference {
  path: string;
  /** One for each run; null where it was not asked for. */
  values: (string | null)[];
}

/** What the desk takes where a request is silent. */
const DEFAULTS = { cash: '10000', fee: '0.001', slippage_bps: '0', spread_bps: '0', borrow_rate: '0', limits: 'research', seed: 1 };

type Asked = Pick<RunView, 'request' | 'strategy' | 'symbols' | 'timeframe' | 'params'>;

/** All of a request: the strategy by name and hash, defaults and parameters written out, a search in one line. What is searched has no value. */
function whole({ request, strategy, symbols, timeframe, params }: Asked): unknown {
  const { strategy_id: _id, source: _source, search, ...rest } = request;
  const fixed = Object.entries(params).filter(([name]) => search === undefined || (search.random === undefined && !(name in (search.grid ?? {}))));
  return {
    strategy: strategy.name, text: strategy.hash.slice(0, 8), symbols: symbols.join(' '), timeframe, ...DEFAULTS, ...rest, params: Object.fromEntries(fixed),
    ...(search === undefined ? {} : { search: { sets: searchText(search), objective: search.objective } }),
  };
}

/** What runs were asked differently. */
export function differences(runs: readonly Asked[]): Difference[] {
  const parts = runs.map((one) => flat(whole(one)));
  const paths = [...new Set(parts.flatMap((one) => [...one.keys()]))];
  return paths.map((path) => ({ path, values: parts.map((one) => one.get(path) ?? null) })).filter((one) => new Set(one.values).size > 1);
}

/** What a figure has more than the first run's; null where either has none. */
export function gap(first: number | null, other: number | null): number | null {
  return first === null || other === null ? null : other - first;
}
