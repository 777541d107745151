// Limits as amounts: the desk keeps `2500` or `10%`, and a share is one of the trading capital.
import type { AccountView } from '../api/types';
import { compare, div, mul, parse } from './decimal';

/** What shares are taken of: the equity, at most the trading capital. */
export function capital(account: AccountView): string | null {
  const equity = account.equity ?? null;
  const most = account.policy.trading_capital ?? null;
  if (equity === null || most === null) return equity;
  return compare(equity, most) > 0 ? most : equity;
}

/** A limit as an amount; null without one, or while the equity is not known. */
export function limitAmount(limit: string | null | undefined, base: string | null): string | null {
  if (!limit) return null;
  if (!limit.endsWith('%')) return parse(limit) === null ? null : limit;
  const rate = limit.slice(0, -1).trim();
  return base === null || parse(rate) === null ? null : div(mul(base, rate), '100', 8);
}
