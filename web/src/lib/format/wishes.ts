// What somebody asked for, in words: the size in the unit they used, and the order type.
import type { ApprovalView, OrderRequest } from '../api/types';
import { amount, price, quantity } from './number';

type Wish = Omit<ApprovalView, 'notional' | 'since' | 'expires_at'>;

export const Side = (side: string): string => (side === 'buy' ? 'Buy' : 'Sell');

export function sizeText(wish: Pick<Wish, 'size' | 'size_by'>): string {
  if (wish.size_by === 'quantity') return quantity(wish.size);
  if (wish.size_by === 'notional') return `${amount(wish.size)} worth of`;
  if (wish.size_by === 'percent_equity') return `${amount(wish.size)} % of equity in`;
  return wish.size_by === 'risk_percent' ? `${amount(wish.size)} % at risk in` : `${wish.size} (${wish.size_by}) of`;
}

const TIF: Record<string, string> = {
  gtc: 'until cancelled', day: 'for the day', ioc: 'at once or not at all, in part', fok: 'at once and whole, or not at all', opg: 'in the opening auction', cls: 'in the closing auction',
};

export function typeText(wish: Pick<Wish, 'type' | 'limit' | 'trigger' | 'tif'>): string {
  const type = { market: 'at the market', limit: 'limit', stop: 'stop', stop_limit: 'stop limit' }[wish.type] ?? wish.type;
  const prices = `${wish.trigger ? ` at ${price(wish.trigger)}` : ''}${wish.limit ? ` ${price(wish.limit)}` : ''}`;
  return `${type}${prices}${wish.type === 'market' ? '' : `, ${TIF[wish.tif] ?? wish.tif}`}`;
}

/** The same request, for asking the gate what it would say now. */
export function asRequest(wish: Wish): OrderRequest {
  const { account, book, symbol, side } = wish;
  const request: OrderRequest = { account, book, symbol, side, type: wish.type, tif: wish.tif };
  if (wish.size_by === 'quantity') request.quantity = wish.size;
  else if (wish.size_by === 'notional') request.notional = wish.size;
  else if (wish.size_by === 'percent_equity') request.percent_equity = wish.size;
  else if (wish.size_by === 'risk_percent') request.risk_percent = wish.size;
  if (wish.limit) request.limit = wish.limit;
  if (wish.trigger) request.trigger = wish.trigger;
  if (wish.stop) request.stop = wish.stop;
  if (wish.target) request.target = wish.target;
  if (/^(strategy|campaign|copy|webhook|agent)$/.test(wish.origin.kind)) {
    // The journal writes `strategy:trend`; the request names kind and name apart.
    request.source = { kind: wish.origin.kind, name: wish.origin.principal.slice(wish.origin.principal.indexOf(':') + 1) };
  }
  return request;
}
