// A broken rule of the gate as people read it: its numbers stand in their own places, so the
// sentence goes without them.
import type { RefusalView } from '../api/types';
import { byDecimal, amount, money } from './number';

const QUANTITIES = /_qty$|^(open_orders|entries_|step|min_qty|max_qty)/;
const MONEY = /notional|exposure|heat|buying_power|daily_loss|margin|capital|equity/;

export function refusalText(refusal: RefusalView): string {
  return refusal.message.replace(/\s*Limit -?[\d.]+(?: m?s)?, this would be -?[\d.]+(?: m?s)?\.$/, '');
}

const UNITS: [number, string][] = [[172_800_000, 'days'], [7_200_000, 'h'], [120_000, 'min'], [1_000, 's']];
const SIZES: Record<string, number> = { days: 86_400_000, h: 3_600_000, min: 60_000, s: 1_000 };

/** Milliseconds as people read them: `2.7 days`, not `236481796 ms`. */
export function spanOf(ms: number): string {
  const unit = UNITS.find(([from]) => Math.abs(ms) >= from)?.[1];
  return unit ? `${Number((ms / (SIZES[unit] ?? 1)).toFixed(1))} ${unit}` : `${ms} ms`;
}

/** The limit or the value of a refusal, in its unit. */
export function refusalAmount(refusal: RefusalView, text: string | null | undefined, currency: string): string | null {
  if (!text) return null;
  const span = /^(-?\d+) (m?s)$/.exec(text);
  if (span) return spanOf(Number(span[1]) * (span[2] === 's' ? 1_000 : 1));
  if (!/^-?\d+(\.\d+)?$/.test(text)) return text;
  if (MONEY.test(refusal.code) && !QUANTITIES.test(refusal.code)) return money(text, currency);
  return /percent/.test(refusal.code) ? `${amount(text)} %` : amount(text);
}

const SETTERS: Record<string, string> = {
  desk: 'the desk’s limits', account: 'this account’s limits', book: 'the book’s limits', origin: 'the limits of this source', principal: 'your own limits',
  instrument: 'the limits of this symbol', venue: 'the venue', rule: 'a rule of the desk',
};

export function setBy(refusal: Pick<RefusalView, 'set_by' | 'can_change'>): string {
  return `${SETTERS[refusal.set_by] ?? refusal.set_by}${refusal.can_change ? '; an admin can change it' : ''}`;
}

/** The rule that binds most first. */
export function tightestFirst(refusals: readonly RefusalView[]): RefusalView[] {
  return [...refusals].sort((a, b) => {
    const [x, y] = [a.max_allowed_qty, b.max_allowed_qty];
    if (!x || !y) return x ? 1 : y ? -1 : 0;
    return byDecimal(x, y);
  });
}
