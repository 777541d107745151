// Every limit: what it is called, what it counts, and what it means. A limit that the desk adds
// later is shown by its code, so nothing is ever hidden.
import type { AccountView, BookView, DeskView, Limits } from '../api/types';
import { abs, add, compare, div, mul, negate, parse, sign } from './decimal';
import { limitAmount } from './limits';
import { amount, money } from './number';
import { span } from './time';
import { limitName, ticker } from './words';

/** `cap`: an amount or a share of the capital. */
export type Unit = 'cap' | 'money' | 'quantity' | 'percent' | 'multiple' | 'count' | 'ms' | 'secs' | 'symbols' | 'window';

export interface LimitInfo {
  name: string;
  unit: Unit;
  group: string;
  meaning: string;
}

const row = (group: string, name: string, unit: Unit, meaning: string): LimitInfo => ({ name, unit, group, meaning });

export const LIMITS: LimitInfo[] = [
  row('Size', 'order_notional', 'cap', 'One order may not be worth more.'),
  row('Size', 'order_qty', 'quantity', 'One order may not have a larger quantity.'),
  row('Size', 'position_notional', 'cap', 'The position in one symbol, working entries included, may not be worth more.'),
  row('Exposure', 'gross_exposure', 'cap', 'All positions and working entries together, longs and shorts added.'),
  row('Exposure', 'net_exposure', 'cap', 'By how much longs may exceed shorts, or shorts longs.'),
  row('Exposure', 'correlated_exposure', 'cap', 'What moves together with the order’s symbol may not be worth more in all.'),
  row('Exposure', 'leverage', 'multiple', 'All positions and working entries as a multiple of the equity.'),
  row('Exposure', 'margin_used', 'cap', 'Initial margin of all positions, in the worst case of working entries.'),
  row('Loss', 'portfolio_heat', 'cap', 'What would be lost if every stop were hit. A position without a stop counts whole.'),
  row('Loss', 'daily_loss', 'cap', 'A loss since the day’s opening that stops entries until the next day.'),
  row('Loss', 'drawdown_percent', 'percent', 'A fall from the peak of the equity that stops entries until a person releases it.'),
  row('Loss', 'loss_cooldown_secs', 'secs', 'No new entry in the same symbol for so long after a losing exit.'),
  row('Pace', 'open_orders', 'count', 'Live orders at once.'),
  row('Pace', 'entries_per_second', 'count', 'Entries of one source in a second.'),
  row('Pace', 'entries_per_minute', 'count', 'Entries of one source in a minute.'),
  row('Pace', 'entries_per_day', 'count', 'Entries of one source in a day.'),
  row('Pace', 'daily_entry_notional', 'cap', 'The value of all entries of a day.'),
  row('Pace', 'origin_daily_notional', 'cap', 'The value of the entries of one source in a day.'),
  row('Price', 'price_collar_percent', 'percent', 'How far beyond the fresh price an order may buy or sell.'),
  row('Price', 'quote_age_ms', 'ms', 'An entry needs a price that is no older.'),
  row('Approval', 'approval_above', 'cap', 'An entry above this value waits for a person, if its source is one that needs approval.'),
  row('What and when', 'allowed', 'symbols', 'Only these symbols. Empty means all.'),
  row('What and when', 'denied', 'symbols', 'Never these symbols.'),
  row('What and when', 'trading_window', 'window', 'Entries only at these times, in UTC, such as mon-fri 13:30-20:00.'),
];

export const DESK_LIMITS: LimitInfo[] = [
  row('All accounts together', 'gross_exposure', 'money', 'All positions and working entries of all accounts.'),
  row('All accounts together', 'net_exposure', 'money', 'By how much the longs of all accounts may exceed the shorts, or shorts the longs.'),
  row('All accounts together', 'daily_entry_notional', 'money', 'The value of a day’s entries of all accounts.'),
  row('All accounts together', 'open_orders', 'count', 'Live orders of all accounts at once.'),
];

export type Values = Record<string, unknown>;

/** What is set, without what is absent or empty. */
export function given(limits: Limits | Values | undefined): Values {
  const kept = Object.entries(limits ?? {}).filter(([, value]) => value !== null && value !== undefined && !(Array.isArray(value) && value.length === 0));
  return Object.fromEntries(kept);
}

/** How a value is read. */
export function shown(info: LimitInfo, value: unknown, currency: string): string {
  if (value === null || value === undefined) return 'no limit';
  if (Array.isArray(value)) return value.map((one) => ticker(String(one))).join(', ') || 'no limit';
  const text = String(value);
  if (info.unit === 'cap' && text.endsWith('%')) return `${amount(text.slice(0, -1))} % of capital`;
  if (info.unit === 'cap' || info.unit === 'money') return money(text, currency);
  if (info.unit === 'percent') return `${amount(text)} %`;
  if (info.unit === 'multiple') return `${amount(text)} × equity`;
  if (info.unit === 'ms') return span(Number(text));
  if (info.unit === 'secs') return span(Number(text) * 1000);
  return info.unit === 'window' ? text : amount(text);
}

export interface Change {
  name: string;
  from: unknown;
  to: unknown;
  /** `raised` allows something that was not allowed; such a change needs the password. */
  way: 'raised' | 'tightened';
}

const set = (value: unknown) => new Set(Array.isArray(value) ? value.map(String) : []);

/** The desk judges it the same way: what can't be compared counts as raised. */
function isRaised(name: string, from: unknown, to: unknown): boolean {
  if (name === 'denied') return [...set(from)].some((one) => !set(to).has(one));
  if (name === 'loss_cooldown_secs') return Number(from ?? 0) > Number(to ?? 0);
  if (from === undefined) return false;
  if (to === undefined || name === 'trading_window') return true;
  if (name === 'allowed') return [...set(to)].some((one) => !set(from).has(one));
  const [a, b] = [String(from), String(to)];
  if (a.endsWith('%') !== b.endsWith('%')) return true;
  const [x, y] = [a.replace('%', ''), b.replace('%', '')];
  return parse(x) === null || parse(y) === null || compare(y, x) > 0;
}

function same(a: unknown, b: unknown): boolean {
  if (Array.isArray(a) && Array.isArray(b)) return a.length === b.length && a.every((one) => b.includes(one));
  const [x, y] = [String(a), String(b)];
  if (x === y) return true;
  const [m, n] = [x.replace('%', ''), y.replace('%', '')];
  return x.endsWith('%') === y.endsWith('%') && parse(m) !== null && parse(n) !== null && compare(m, n) === 0;
}

/** What differs between two sets of limits, in the order of the catalogue. */
export function changes(before: Values, after: Values): Change[] {
  const [old, next] = [given(before), given(after)];
  const known = LIMITS.map((one) => one.name);
  const names = [...new Set([...known, ...Object.keys(old), ...Object.keys(next)])];
  return names
    .filter((name) => (name in old || name in next) && !same(old[name], next[name]))
    .map((name) => ({ name, from: old[name], to: next[name], way: isRaised(name, old[name], next[name]) ? 'raised' : 'tightened' }));
}

/** What is used of a limit now, both as amounts; null where the desk does not tell. */
export interface Use {
  used: string;
  of: string;
  show: (value: string) => string;
}

const most = (values: string[]) => values.reduce<string | null>((top, value) => (top === null || compare(value, top) > 0 ? value : top), null);

export function useOf(info: LimitInfo, value: unknown, account: AccountView, base: string | null): Use | null {
  const cap = limitAmount(value === undefined || value === null ? null : String(value), base);
  const cash = (text: string) => money(text, account.currency, { digits: 0 });
  const caps = (used: string | null | undefined): Use | null => (cap && used ? { used, of: cap, show: cash } : null);
  if (info.name === 'gross_exposure') return caps(account.gross_exposure);
  if (info.name === 'portfolio_heat') return caps(account.heat);
  if (info.name === 'margin_used') return caps(account.margin_used);
  if (info.name === 'position_notional') {
    return caps(most(account.books.flatMap((book) => book.positions.flatMap((one) => (one.value && one.currency === account.currency ? [abs(one.value)] : [])))) ?? '0');
  }
  if (info.name === 'daily_loss') {
    const pnl = account.day?.pnl;
    return pnl ? caps(sign(pnl) < 0 ? negate(pnl) : '0') : null;
  }
  if (info.name === 'drawdown_percent' && account.drawdown_percent && value) {
    return { used: account.drawdown_percent, of: String(value), show: (text) => `${amount(text, { digits: 1 })} %` };
  }
  if (info.name === 'open_orders' && value) return { used: String(account.live_orders), of: String(value), show: (text) => amount(text) };
  if (info.name === 'leverage' && value && account.gross_exposure && account.equity && sign(account.equity) > 0) {
    return { used: div(account.gross_exposure, account.equity, 4) ?? '0', of: String(value), show: (text) => `${amount(text, { digits: 2 })} ×` };
  }
  return null;
}

/** The same for a book; its shares are of its own capital, or of the account's without one. */
export function useOfBook(info: LimitInfo, value: unknown, book: BookView, account: AccountView, base: string | null): Use | null {
  const cap = limitAmount(value === undefined || value === null ? null : String(value), book.capital ?? base);
  const values = book.positions.flatMap((one) => (one.value && one.currency === account.currency ? [abs(one.value)] : []));
  const used = info.name === 'position_notional' ? (most(values) ?? '0') : info.name === 'gross_exposure' ? values.reduce((total, one) => add(total, one), '0') : null;
  return cap && used ? { used, of: cap, show: (text) => money(text, account.currency, { digits: 0 }) } : null;
}

/** Nothing for somebody who may not see every account: the desk tells them no sum. */
export function useOfDesk(info: LimitInfo, value: unknown, desk: Pick<DeskView, 'use'>, currency: string): Use | null {
  const { use } = desk;
  if (value === undefined || value === null || !use) return null;
  const net = compare(use.net_long, use.net_short) > 0 ? use.net_long : use.net_short;
  const used: Record<string, string> = {
    gross_exposure: use.gross_exposure, net_exposure: sign(net) < 0 ? '0' : net, daily_entry_notional: use.entries_notional, open_orders: String(use.open_orders),
  };
  const found = used[info.name];
  return found === undefined ? null : { used: found, of: String(value), show: (text) => (info.unit === 'count' ? amount(text) : money(text, currency, { digits: 0 })) };
}

/** A name for a limit, in every scope. */
export const nameOf = (name: string): string => limitName(name);

/** What a share is in money now: `10 % of capital` is read with its amount. */
export function inMoney(value: unknown, base: string | null, currency: string): string | null {
  const text = typeof value === 'string' ? value : '';
  if (!text.endsWith('%') || base === null || parse(text.slice(0, -1)) === null) return null;
  return money(div(mul(base, text.slice(0, -1)), '100', 8), currency, { digits: 0 });
}
