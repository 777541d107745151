// What came of a stop, from the records since it was pulled.
import type { RecordView } from '../api/types';
import { bodyOf } from './records';

export interface Touched {
  order: string;
  symbol: string;
  what: string;
}

export interface Aftermath {
  /** Orders that a cancel was sent for and that have ended; stops that made way for a close are not
   * among them. */
  cancelled: Touched[];
  /** Cancels that failed, or whose order has not ended. */
  open: Touched[];
  /** Closes of the stop itself that got through. */
  closed: Touched[];
  /** Closes for another reason, such as a target. */
  otherCloses: number;
  /** Closes that did not, or still run. */
  unclosed: Touched[];
  /** Requests for an opening that were taken back. */
  disarmed: number;
  /** Requests that were blocked meanwhile. */
  blocked: number;
  fills: number;
  /** Everything else that a person should see. */
  notable: RecordView[];
}

const text = (value: unknown): string => (typeof value === 'string' || typeof value === 'number' ? String(value) : '');

/** Orders that a cancel names and no record since the stop describes. */
export function undescribed(records: readonly RecordView[], known: ReadonlyMap<string, unknown>): string[] {
  const described = new Set(records.filter((one) => one.kind === 'order_recorded').map((one) => text(bodyOf(one)['client_order_id'])));
  const named = records.filter((one) => one.kind === 'cancel_recorded').map((one) => text(bodyOf(one)['client_order_id']));
  return [...new Set(named)].filter((one) => !described.has(one) && !known.has(one));
}

/** `orders` says what an order was; the journal's cancel names only its id. */
export function aftermath(records: readonly RecordView[], orders: ReadonlyMap<string, { symbol: string; what: string }>): Aftermath {
  const cancels = new Map<string, 'sent' | 'ended' | string>();
  const closes = new Map<string, { symbol: string; what: string; state: string; flatten: boolean }>();
  const known = new Map(orders);
  const result: Aftermath = { cancelled: [], open: [], closed: [], unclosed: [], otherCloses: 0, disarmed: 0, blocked: 0, fills: 0, notable: [] };
  for (const record of records) {
    const body = bodyOf(record);
    const order = text(body['client_order_id']);
    if (record.kind === 'order_recorded') known.set(order, { symbol: text(body['instrument']), what: `${text(body['side'])} ${text(body['qty'])}, ${text(body['class'])}` });
    else if (record.kind === 'cancel_recorded') {
      // A resting exit that makes way for a close is part of that close.
      if (!/makes way/.test(text(body['reason']))) cancels.set(order, 'sent');
    }
    else if (record.kind === 'cancel_failed' && cancels.has(order)) cancels.set(order, `cancel failed: ${text(body['why'])}`);
    else if (record.kind === 'order_ended' && cancels.has(order)) cancels.set(order, 'ended');
    else if (record.kind === 'close_started') {
      closes.set(text(body['id']), { symbol: text(body['instrument']), what: `${text(body['qty'])} in ${text(body['book'])}`, state: 'under way', flatten: body['purpose'] === 'flatten' });
    } else if (record.kind === 'close_ended') {
      const close = closes.get(text(body['id']));
      if (close) close.state = body['done'] === true ? 'done' : text(body['text']) || 'did not get through';
    } else if (record.kind === 'armed_ended' && body['end'] === 'killed') result.disarmed += 1;
    else if (record.kind === 'intent_refused') result.blocked += 1;
    else if (record.kind === 'refusals_counted') result.blocked += Number(body['count']) || 0;
    else if (record.kind === 'filled') result.fills += 1;
    if (/^(alarm|latch_set|latch_released|limits_set|policy_set|order_unknown|order_rejected|external_order|position_adjusted|hold_resolved|kill_released)$/.test(record.kind)) {
      result.notable.push(record);
    }
  }
  for (const [order, state] of cancels) {
    const about = known.get(order) ?? { symbol: '', what: 'order' };
    if (state === 'ended') result.cancelled.push({ order, ...about });
    else result.open.push({ order, symbol: about.symbol, what: `${about.what}: ${state === 'sent' ? 'the venue has not confirmed the cancel' : state}` });
  }
  for (const [id, close] of closes) {
    if (close.state === 'done' && !close.flatten) result.otherCloses += 1;
    else if (close.state === 'done') result.closed.push({ order: id, symbol: close.symbol, what: close.what });
    else result.unclosed.push({ order: id, symbol: close.symbol, what: `${close.what}: ${close.state}` });
  }
  return result;
}
