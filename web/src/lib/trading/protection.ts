// What levels of a position cost or bring, and what the desk is sent when one of them moves.
import type { PositionView, ProtectionRequest } from '../api/types';
import { abs, compare, div, mul, sign, sub } from '../format/decimal';

/** Profit, or loss below zero, if a holding ends at `price`: without fees and slippage. */
export function resultAt(position: Pick<PositionView, 'qty' | 'average_price'>, price: string, multiplier = '1'): string | null {
  return position.average_price ? mul(mul(sub(price, position.average_price), position.qty), multiplier) : null;
}

/** How a stop changes: what may be lost more or less at the new level. */
export interface StopChange {
  loosens: boolean;
  /** Result at the old level; null when there was none. */
  before: string | null;
  after: string | null;
  /** After less before: below zero when more can be lost. */
  difference: string | null;
}

export function stopChange(position: PositionView, stop: string | null, multiplier = '1'): StopChange {
  const before = position.stop ? resultAt(position, position.stop, multiplier) : null;
  const after = stop === null ? null : resultAt(position, stop, multiplier);
  const difference = before !== null && after !== null ? sub(after, before) : null;
  const loosens = position.stop ? stop === null || (difference !== null && sign(difference) < 0) : false;
  return { loosens, before, after, difference };
}

/** Why a level can't stand where it is wanted; null when it can. */
export function levelFault(position: Pick<PositionView, 'qty' | 'mark'>, kind: 'stop' | 'target', price: string): string | null {
  if (sign(price) <= 0) return 'A price is above zero.';
  if (!position.mark) return null;
  const long = sign(position.qty) > 0;
  const below = compare(price, position.mark) < 0;
  if ((kind === 'stop') === (long === below)) return null;
  const side = (kind === 'stop') === long ? 'below' : 'above';
  return `The ${kind} of a ${long ? 'long' : 'short'} position belongs ${side} the last price, or it would close at once.`;
}

/** The request that changes what is named and keeps everything else as it is. */
export function withLevels(position: PositionView, change: { stop?: string | null; target?: string | null }): ProtectionRequest {
  const stop = change.stop === undefined ? position.stop : change.stop;
  const target = change.target === undefined ? position.target : change.target;
  const trail = position.trail;
  const time = position.time_stop;
  return {
    ...(stop ? { stop } : {}),
    ...(target ? { target } : {}),
    ...(position.targets.length > 0 ? { targets: position.targets.map(({ percent, price }) => ({ percent, price })) } : {}),
    ...(trail ? { [trail.by === 'percent' ? 'trail_percent' : 'trail_amount']: trail.distance } : {}),
    ...(trail?.activation ? { trail_activation: trail.activation } : {}),
    ...(time?.at ? { time_stop: time.at } : {}),
    ...(time && !time.at && time.after_secs ? { time_stop_secs: time.after_secs } : {}),
    ...(!stop && !trail ? { accept_unprotected: true } : {}),
  };
}

/** What an entry risks between its price and its stop, in the currency of `notional`. */
export function entryRisk(notional: string, entry: string, stop: string): string | null {
  return div(mul(notional, abs(sub(entry, stop))), entry, 8);
}

/** `part` of `whole` in percent; null without a whole. */
export function percentOf(part: string | null, whole: string | null | undefined): string | null {
  return part === null || !whole || sign(whole) <= 0 ? null : div(mul(part, '100'), whole, 4);
}

/** The multiple of the risk that a target would bring. */
export function multipleOfRisk(entry: string, stop: string, target: string): string | null {
  return div(abs(sub(target, entry)), abs(sub(entry, stop)), 2);
}

/** Break-even is where one came in; null while the price has not passed it. */
export function breakEven(position: PositionView): string | null {
  const at = position.average_price;
  if (!at || !position.mark) return null;
  const passed = sign(position.qty) > 0 ? compare(position.mark, at) > 0 : compare(position.mark, at) < 0;
  return passed ? at : null;
}

/** The quantity of a share of a position, without a sign. */
export function shareOf(qty: string, percent: string): string {
  return div(mul(abs(qty), percent), '100', 12) ?? '0';
}

