// Figures of round trips, from decimal text. What can't be told is null and has a reason: a figure
// is never a zero that nobody earned.
import type { TripView } from '../api/types';
import { add, compare, div, mul, negate, sign, sum } from './decimal';
import { millis } from './time';

export interface Figure {
  value: string | null;
  /** Why there is none. */
  why?: string;
}

export interface Stats {
  count: number;
  won: number;
  lost: number;
  /** Without a result in their own currency. */
  untold: number;
  currency: string | null;
  net: Figure;
  winRate: Figure;
  meanR: Figure;
  profitFactor: Figure;
  expectancy: Figure;
  meanWin: Figure;
  meanLoss: Figure;
  best: Figure;
  worst: Figure;
  /** Mean holding time in milliseconds. */
  held: number | null;
}

const none = (why: string): Figure => ({ value: null, why });
const some = (value: string | null, why: string): Figure => (value === null ? none(why) : { value });

export function heldMs(trip: Pick<TripView, 'opened' | 'closed'>): number | null {
  const [from, to] = [millis(trip.opened), millis(trip.closed)];
  return from === null || to === null ? null : Math.max(0, to - from);
}

function mean(values: readonly string[], digits = 8): string | null {
  return values.length === 0 ? null : div(sum(values), String(values.length), digits);
}

export function statsOf(trips: readonly TripView[]): Stats {
  const told = trips.filter((trip) => typeof trip.net === 'string');
  const currencies = [...new Set(told.map((trip) => trip.currency))];
  const currency = currencies.length === 1 ? (currencies[0] ?? null) : null;
  const nets = told.map((trip) => trip.net ?? '0');
  const wins = nets.filter((net) => sign(net) > 0);
  const losses = nets.filter((net) => sign(net) < 0);
  const rs = trips.flatMap((trip) => (trip.r ? [trip.r] : []));
  const held = trips.flatMap((trip) => heldMs(trip) ?? []);
  const empty = told.length === 0 ? 'no round trip with a result yet' : null;
  const mixed = currencies.length > 1 ? 'round trips in several currencies are not added' : null;
  const inOne = (make: () => Figure): Figure => (empty || mixed ? none(empty ?? mixed ?? '') : make());
  const pick = (by: 1 | -1) => nets.reduce<string | null>((top, net) => (top === null || compare(net, top) === by ? net : top), null);
  return {
    count: trips.length,
    won: wins.length,
    lost: losses.length,
    untold: trips.length - told.length,
    currency,
    net: inOne(() => ({ value: sum(nets) })),
    winRate: empty ? none(empty) : some(div(mul(String(wins.length), '100'), String(told.length), 4), empty ?? ''),
    meanR: some(mean(rs, 4), 'no round trip had a stop when it was opened'),
    profitFactor: inOne(() => (losses.length === 0 ? none('nothing was lost') : some(div(sum(wins), negate(sum(losses)), 4), 'nothing was lost'))),
    expectancy: inOne(() => some(mean(nets), '')),
    meanWin: inOne(() => some(mean(wins), 'nothing was won')),
    meanLoss: inOne(() => some(mean(losses), 'nothing was lost')),
    best: inOne(() => some(pick(1), '')),
    worst: inOne(() => some(pick(-1), '')),
    held: held.length === 0 ? null : held.reduce((total, one) => total + one, 0) / held.length,
  };
}

export type GroupBy = 'book' | 'symbol' | 'exit_reason' | 'source' | 'direction';

/** Round trips by one of their words, the largest group first. */
export function grouped(trips: readonly TripView[], by: GroupBy): { key: string; stats: Stats }[] {
  const found = new Map<string, TripView[]>();
  for (const trip of trips) {
    const key = trip[by] ?? '';
    found.set(key, [...(found.get(key) ?? []), trip]);
  }
  return [...found].map(([key, list]) => ({ key, stats: statsOf(list) })).sort((a, b) => b.stats.count - a.stats.count);
}

/** Equity with the fall from its highest point so far, in percent, zero or below. */
export function withDrawdown(marks: readonly { at: string; equity: string }[]): { at: string; equity: string; drawdown: string }[] {
  let peak: string | null = null;
  return marks.map((mark) => {
    if (peak === null || compare(mark.equity, peak) > 0) peak = mark.equity;
    const fall = add(mark.equity, negate(peak));
    return { ...mark, drawdown: sign(peak) > 0 ? (div(mul(fall, '100'), peak, 4) ?? '0') : '0' };
  });
}
