// What a record of the journal says, in a sentence, and which records tell of one order.
import { abs, sign } from '../format/decimal';
import { amount, money } from '../format/number';
import { askerOf, originText, type Origin } from '../format/origin';
import { killLevel, latch, plain, ticker } from '../format/words';

type Body = Record<string, any>; // eslint-disable-line @typescript-eslint/no-explicit-any

/** What is read of a record. */
export interface Told {
  kind: string;
  body: unknown;
}

export interface Line {
  text: string;
  tone: 'plain' | 'good' | 'warn' | 'bad';
}

const CLASSES: Record<string, string> = { entry: 'an entry', exit: 'an exit', protective: 'a protective order' };
const ENDS: Record<string, string> = { cancelled: 'The venue cancelled it', expired: 'It expired at the venue', rejected: 'The venue rejected it', filled: 'The venue has filled it' };

function levels(plan: Body | null | undefined): string {
  const found = [
    plan?.stop ? `stop ${amount(plan.stop)}` : null, plan?.target ? `target ${amount(plan.target)}` : null,
    plan?.trail ? 'a trailing stop' : null, plan?.targets?.length ? `${plan.targets.length} partial targets` : null, plan?.time_stop ? 'a time stop' : null,
  ].filter((one) => one !== null);
  return found.length === 0 ? 'no levels' : found.join(', ');
}

const SIZES: Record<string, (size: string) => string> = {
  quantity: (size) => amount(size), notional: (size) => `for ${amount(size)}`, percent_equity: (size) => `${amount(size)} % of equity`, risk_percent: (size) => `${amount(size)} % at risk`,
};

/** A request in a few words. */
function wish(intent: Body | null | undefined): string {
  const [by, size] = Object.entries(intent?.size ?? {})[0] ?? ['', ''];
  const words = [intent?.side, SIZES[by]?.(String(size)), intent?.instrument ? ticker(intent.instrument) : null].filter(Boolean).join(' ') || 'a request';
  return `${words}${spoken(intent?.origin)}`;
}

/** Told when somebody asked in a source's name. */
function spoken(origin: Origin | null | undefined): string {
  return origin && askerOf(origin) ? ` (${originText(origin)})` : '';
}

function who(by: Body | null | undefined): string {
  return by ? originText(by as Origin) : 'the desk';
}

/** A record as a sentence. */
export function tell(record: Told): Line {
  const body = (record.body ?? {}) as Body;
  const line = (text: string, tone: Line['tone'] = 'plain'): Line => ({ text, tone });
  switch (record.kind) {
    case 'intent_refused':
      return line(`Blocked: ${wish(body.intent)}, as ${CLASSES[body.class] ?? body.class}, by ${(body.refusals ?? []).map((one: Body) => plain(one.code).toLowerCase()).join(', ')}.`, 'bad');
    case 'refusals_counted':
      return line(`${body.count} more requests of ${who(body.origin)} were blocked: ${(body.codes ?? []).map(plain).join(', ')}.`, 'warn');
    case 'order_held':
      return line(`Needs approval${spoken(body.intent?.origin)}: worth ${amount(body.notional, { digits: 2 })}, above ${amount(body.limit, { digits: 2 })}.`, 'warn');
    case 'hold_resolved':
      return line(`The wait for approval ended: ${plain(typeof body.decision === 'string' ? body.decision : Object.keys(body.decision ?? {})[0] ?? '').toLowerCase()}${body.by ? `, by ${who(body.by)}` : ''}.`);
    case 'order_armed':
      return line('Waits in the desk for the market’s next opening.');
    case 'armed_ended':
      return line(`The wait for the opening ended: ${plain(typeof body.end === 'string' ? body.end : Object.keys(body.end ?? {})[0] ?? '').toLowerCase()}.`);
    case 'order_recorded':
      return line(
        `Allowed as ${CLASSES[body.class] ?? body.class}${spoken(body.origin)}${body.reference ? ` against a price of ${amount(body.reference)}` : ''}, and written down before it was sent` +
          `${body.class === 'entry' ? `, with ${levels(body.protective)}` : ''}.`,
      );
    case 'order_accepted':
      return line(`The venue has it, as ${body.venue_order_id}.`);
    case 'order_unknown':
      return line(`The venue’s answer is missing: ${body.why}. The desk asks, and never sends twice.`, 'warn');
    case 'order_rejected':
      return line(`It never lived: ${body.text || JSON.stringify(body.reason)}.`, 'bad');
    case 'order_ended':
      return line(`${ENDS[body.status] ?? plain(String(body.status))}${body.reason ? `: ${body.reason}` : ''}. Filled: ${amount(body.filled)}.`);
    case 'order_resurfaced':
      return line('It was taken for dead and lives at the venue.', 'warn');
    case 'cancel_recorded':
      return line(`A cancel was written down and sent, asked by ${who(body.origin)}: ${body.reason}.`);
    case 'cancel_failed':
      return line(`The cancel did not reach its aim: ${body.why}.`, 'warn');
    case 'filled':
      return line(
        `${body.fill.side === 'buy' ? 'Bought' : 'Sold'} ${amount(body.fill.qty)} at ${amount(body.fill.price)}` +
          `${body.fill.fee ? `, fee ${money(body.fill.fee.amount, body.fill.fee.currency)}` : ''}.`, 'good',
      );
    case 'close_started':
      return line(`A close of ${amount(body.qty)} ${ticker(body.instrument)} began, asked by ${who(body.origin)}.`);
    case 'close_ended':
      return line(body.done ? 'The close is done.' : `The close did not finish: ${body.text}`, body.done ? 'good' : 'bad');
    case 'plan_set':
      return line(`Levels of ${ticker(body.instrument)} replaced: ${levels(body.protective)}; by ${who(body.by)}.`);
    case 'latch_set':
      return line(`${latch(body.latch)}: ${body.text}`, 'bad');
    case 'latch_released':
      return line(`${latch(body.latch)}: released${body.by ? ` by ${who(body.by)}` : ' by the desk'}.`);
    case 'kill_pulled':
      return line(`${killLevel(body.level)}, by ${who(body.by)}: ${body.reason}.`, 'bad');
    case 'kill_released':
      return line(`The stop was released by ${who(body.by)}.`);
    case 'alarm':
      return line(body.text, 'bad');
    case 'position_adjusted':
      return line(`${ticker(body.instrument)} changed at the venue by ${amount(body.qty, { signed: true })} without an execution: ${body.reason}.`, 'warn');
    case 'cash_adjusted':
      return line(`Cash changed without an explanation: ${body.reason}.`, 'warn');
    case 'external_order':
      return line('An order that the desk did not send was seen at the venue.', 'warn');
    default:
      return line(plain(record.kind));
  }
}

/** What a person should see without looking for it. */
const NOTICES = new Set([
  'alarm', 'latch_set', 'latch_released', 'kill_pulled', 'kill_released', 'order_rejected', 'order_unknown', 'order_resurfaced', 'cancel_failed',
  'position_adjusted', 'cash_adjusted', 'refusals_counted', 'external_order',
]);

export function isNotice(record: Told): boolean {
  const body = (record.body ?? {}) as Body;
  if (record.kind === 'position_adjusted' && sign(abs(String(body.qty ?? '0').replace('+', ''))) === 0) return false;
  return NOTICES.has(record.kind) || (record.kind === 'close_ended' && body.done === false);
}

export interface Thread {
  order?: string | undefined;
  intent?: string | undefined;
  close?: number | null | undefined;
}

/** Whether a record tells of the order, its request or its compound close. */
export function concerns(record: Told, thread: Thread): boolean {
  const body = (record.body ?? {}) as Body;
  const order = body.client_order_id ?? body.fill?.client_order_id ?? body.report?.client_order_id;
  if (thread.order && (order === thread.order || body.replaces === thread.order)) return true;
  const intent = typeof body.intent === 'string' ? body.intent : body.intent?.id;
  if (thread.intent && intent === thread.intent) return true;
  return thread.close !== null && thread.close !== undefined && /^close_/.test(record.kind) && body.id === thread.close;
}
