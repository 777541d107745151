// The order ticket's fields, the request that they make, and what is missing in it.
import type { OrderRequest, PreviewView } from '../../lib/api/types';
import { compare, parse, sign, sum } from '../../lib/format/decimal';
import type { Level } from '../../lib/charts/levels';

export type SizeBy = 'quantity' | 'notional' | 'percent_equity' | 'risk_percent';
export type OrderType = 'market' | 'limit' | 'stop' | 'stop_limit';
export type TrailBy = 'none' | 'percent' | 'amount';
export const TARGETS_MAX = 4;

const number = (text: string) => parse(text) !== null && sign(text) > 0;

export class Ticket {
  side = $state<'buy' | 'sell'>('buy');
  type = $state<OrderType>('market');
  sizeBy = $state<SizeBy>('quantity');
  size = $state('');
  limit = $state('');
  trigger = $state('');
  stop = $state('');
  target = $state('');
  targets = $state<{ percent: string; price: string }[]>([]);
  trailBy = $state<TrailBy>('none');
  trail = $state('');
  trailFrom = $state('');
  tif = $state('gtc');
  book = $state('manual');
  postOnly = $state(false);
  reduceOnly = $state(false);
  nextOpen = $state(false);
  /** What the gate said last about the request as it stands. */
  preview = $state.raw<PreviewView | null>(null);

  readonly hasLimit = $derived(this.type === 'limit' || this.type === 'stop_limit');
  readonly hasTrigger = $derived(this.type === 'stop' || this.type === 'stop_limit');
  readonly targetsPercent = $derived(sum(this.targets.map((one) => (number(one.percent) ? one.percent : '0'))));

  /** What is still missing or wrong, in words; null when a request can be made. */
  readonly missing = $derived.by((): string | null => {
    if (this.size.trim() === '') return 'Write a size to see what the gate would say.';
    if (!number(this.size)) return 'The size is no number above zero.';
    if (this.hasTrigger && !number(this.trigger)) return 'Write the price that triggers the order.';
    if (this.hasLimit && !number(this.limit)) return 'Write a limit price.';
    if ([this.stop, this.target].some((text) => text !== '' && !number(text))) return 'Stop and target are prices above zero, or empty.';
    if (this.trailBy !== 'none' && !number(this.trail)) return 'Write how far the stop follows behind the price.';
    if (this.sizeBy === 'risk_percent' && !number(this.stop) && this.trailBy === 'none') return 'A size by risk needs a stop: the risk is the way to it.';
    if (this.targets.some((one) => !number(one.percent) || !number(one.price))) return 'Each partial target needs a share and a price.';
    if (compare(this.targetsPercent, '100') > 0) return 'The partial targets close more than 100 %.';
    return null;
  });

  request(account: string, symbol: string): OrderRequest | null {
    if (this.missing !== null) return null;
    return {
      account, symbol, side: this.side, type: this.type, [this.sizeBy]: this.size.trim(),
      ...(this.hasLimit ? { limit: this.limit.trim() } : {}),
      ...(this.hasTrigger ? { trigger: this.trigger.trim() } : {}),
      ...(this.stop ? { stop: this.stop.trim() } : {}),
      ...(this.target ? { target: this.target.trim() } : {}),
      ...(this.targets.length > 0 ? { targets: this.targets.map(({ percent, price }) => ({ percent, price })) } : {}),
      ...(this.trailBy === 'percent' ? { trail_percent: this.trail.trim() } : {}),
      ...(this.trailBy === 'amount' ? { trail_amount: this.trail.trim() } : {}),
      ...(this.trailBy !== 'none' && this.trailFrom ? { trail_activation: this.trailFrom.trim() } : {}),
      ...(this.tif !== 'gtc' ? { tif: this.tif } : {}),
      ...(this.book !== 'manual' ? { book: this.book } : {}),
      ...(this.postOnly && this.hasLimit ? { post_only: true } : {}),
      ...(this.reduceOnly ? { reduce_only: true } : {}),
      ...(this.nextOpen ? { activate: 'next_open' } : {}),
    };
  }

  /** The levels of what would be sent, to be drawn and moved. */
  readonly levels = $derived.by((): Level[] => {
    if (this.missing !== null) return [];
    const preview = this.preview;
    const stop = this.stop || preview?.stop;
    return [
      ...(this.hasTrigger && number(this.trigger) ? [{ id: 'plan-trigger', price: this.trigger, text: 'trigger, planned', tone: 'accent' as const, moves: true, planned: true }] : []),
      ...(this.hasLimit && number(this.limit) ? [{ id: 'plan-limit', price: this.limit, text: 'limit, planned', tone: 'accent' as const, moves: true, planned: true }] : []),
      ...(stop ? [{ id: 'plan-stop', price: stop, text: 'stop, planned', tone: 'down' as const, moves: true, planned: true }] : []),
      ...(number(this.target) ? [{ id: 'plan-target', price: this.target, text: 'target, planned', tone: 'up' as const, moves: true, planned: true }] : []),
    ];
  });

  /** A planned level was moved on the chart. */
  move(id: string, price: string): void {
    if (id === 'plan-trigger') this.trigger = price;
    if (id === 'plan-limit') this.limit = price;
    if (id === 'plan-stop') this.stop = price;
    if (id === 'plan-target') this.target = price;
  }

  useMaximum(quantity: string): void {
    this.sizeBy = 'quantity';
    this.size = quantity;
  }

  /** Prices belong to a symbol; the rest of what one chose stays. */
  clear(): void {
    this.size = this.limit = this.trigger = this.stop = this.target = this.trail = this.trailFrom = '';
    this.targets = [];
    this.trailBy = 'none';
    this.postOnly = this.reduceOnly = this.nextOpen = false;
    this.preview = null;
  }

  /** Another account has other books. */
  clearBook(): void {
    this.book = 'manual';
  }
}

/** What an entry without a stop comes to under the account's policy. */
export function withoutStop(policy: unknown): { kind: 'refuse' | 'allow' | 'attach'; text: string } {
  if (policy === 'refuse') return { kind: 'refuse', text: 'This account asks for a stop with every entry.' };
  if (policy === 'allow') return { kind: 'allow', text: 'Empty: no stop. The position stands unprotected.' };
  const percent = typeof policy === 'object' && policy !== null && 'attach' in policy ? String(policy.attach) : null;
  return { kind: 'attach', text: percent ? `Empty: the desk attaches one, at twice the average range or ${percent} % away.` : 'Empty: the account’s policy decides.' };
}
