// Executions out of journal records and events.
import { api, ok } from '../api/client';
import type { Fill } from '../api/types';

/** Executions that are kept. */
export const FILLS_MAX = 500;
const PAGE = 500;
const PAGES_MAX = 4;

interface FilledBody {
  book: string;
  fill: {
    at: string;
    client_order_id: string;
    fee?: { amount: string; currency: string } | null;
    instrument: string;
    price: string;
    qty: string;
    side: string;
  };
}

/** The execution in a record of kind `filled`; null for any other. */
export function fillOf(stream: string, seq: number, kind: string, body: unknown): Fill | null {
  if (kind !== 'filled' || !stream.startsWith('account/')) return null;
  const { book, fill } = body as FilledBody;
  return {
    account: stream.slice('account/'.length), seq, book, symbol: fill.instrument, side: fill.side, qty: fill.qty,
    price: fill.price, fee: fill.fee ?? null, at: fill.at, order: fill.client_order_id,
  };
}

/** The latest executions of an account, the newest first. */
export async function recentFills(account: string, head: number): Promise<Fill[]> {
  const stream = `account/${account}`;
  const fills: Fill[] = [];
  let after = Math.max(0, head - PAGE * PAGES_MAX);
  for (let page = 0; page < PAGES_MAX; page += 1) {
    const answer = await ok(
      api.GET('/api/journal/{stream}', { params: { path: { stream }, query: { after, limit: PAGE } } }),
    );
    for (const record of answer.records) {
      const fill = fillOf(stream, record.seq, record.kind, record.body);
      if (fill) fills.push(fill);
    }
    if (answer.next === null || answer.next === undefined) break;
    after = answer.next;
  }
  return fills.reverse().slice(0, FILLS_MAX);
}
