// Records of the journal as sentences. What is not known here is read by its code, and the raw
// record is always one press away.
import type { RecordView } from '../api/types';
import { abs, sign } from './decimal';
import { amount, money, price, quantity } from './number';
import { askerOf, originText, type Origin } from './origin';
import { latch, limitName, plain, ticker } from './words';

type Body = Record<string, unknown>;

/** The body of a record; the desk's own stream wraps it in its kind. */
export function bodyOf(record: Pick<RecordView, 'kind' | 'body'>): Body {
  const body = record.body as Body;
  const inner = body[record.kind];
  return Object.keys(body).length === 1 && typeof inner === 'object' && inner !== null ? (inner as Body) : body;
}

const at = (body: unknown, ...path: string[]): unknown => path.reduce<unknown>((found, part) => (found as Body | null | undefined)?.[part], body);
const text = (body: unknown, ...path: string[]): string => {
  const found = at(body, ...path);
  return typeof found === 'string' || typeof found === 'number' || typeof found === 'boolean' ? String(found) : '';
};

/** Who is behind it; null for what happened by itself. */
export function originOf(body: Body): Origin | null {
  const found = [['by'], ['origin'], ['intent', 'origin']].find((path) => text(body, ...path, 'principal') !== '');
  return found ? (at(body, ...found) as Origin) : null;
}

/** Who it was for, by name. */
export const whoOf = (body: Body): string | null => originOf(body)?.principal ?? null;

/** Told when somebody asked in a source's name. */
function spoken(origin: unknown): string {
  return text(origin, 'principal') && askerOf(origin as Origin) ? ` (${originText(origin as Origin)})` : '';
}

/** The order or request that it is about. */
export function orderOf(body: Body): string | null {
  const intent = at(body, 'intent');
  return text(body, 'client_order_id') || text(body, 'fill', 'client_order_id') || text(body, 'report', 'client_order_id') || (typeof intent === 'string' ? intent : text(intent, 'id')) || null;
}

export function symbolOf(body: Body): string | null {
  const found = at(body, 'instrument');
  return (typeof found === 'string' ? found : text(found, 'id')) || text(body, 'fill', 'instrument') || text(body, 'intent', 'instrument') || null;
}

const UNITS: Record<string, (size: string) => string> = {
  quantity: (size) => quantity(size), notional: (size) => `${amount(size)} worth of`, percent_equity: (size) => `${amount(size)} % of equity in`,
  risk_percent: (size) => `${amount(size)} % at risk in`,
};

function sizeOf(intent: unknown): string {
  const [unit = '', size] = Object.entries((at(intent, 'size') as Body | undefined) ?? {})[0] ?? [];
  return UNITS[unit]?.(String(size)) ?? `${String(size ?? '')} ${plain(unit).toLowerCase()}`;
}

const Side = (side: string) => (side === 'buy' ? 'Buy' : 'Sell');

function wish(intent: unknown): string {
  return `${Side(text(intent, 'side'))} ${sizeOf(intent)} ${ticker(text(intent, 'instrument'))}${spoken(at(intent, 'origin'))}`;
}

function how(kind: unknown): string {
  const [type, limit, trigger] = [text(kind, 'type'), text(kind, 'limit'), text(kind, 'trigger')];
  return `${type.replace('_', ' ')}${trigger ? ` at ${price(trigger)}` : ''}${limit ? ` limit ${price(limit)}` : ''}`;
}

function cashOf(body: unknown, ...path: string[]): string {
  return money(text(body, ...path, 'amount'), text(body, ...path, 'currency'), { signed: true });
}

function scope(target: unknown): string {
  if (typeof target === 'string') return `the ${target}`;
  const [kind = '', name] = Object.entries((target as Body | undefined) ?? {})[0] ?? [];
  return `${kind === 'origin' ? 'source' : kind === 'instrument' ? 'symbol' : kind} ${ticker(String(name ?? ''))}`;
}

const CLASSES: Record<string, string> = { entry: 'Entry', exit: 'Exit', protective: 'Protective order' };
const PURPOSES: Record<string, string> = {
  request: 'somebody asked', target: 'the target was reached', flatten: 'the kill switch', unprotected: 'it could not be protected', stop: 'the stop was reached',
  time_stop: 'its time was up',
};
const HOLDS: Record<string, string> = { approved: 'approved', declined: 'declined', lapsed: 'lapsed: nobody answered in time', units_changed: 'dropped: a split changed its units' };
const ARMED: Record<string, string> = {
  opened: 'the market opened and it is judged now', killed: 'the kill switch took it back', missed: 'the desk was not running at the opening', withdrawn: 'it was taken back',
  units_changed: 'a split changed its units',
};
const PULLED: Record<string, string> = { pause: 'Entries paused', halt: 'Entries stopped, entry orders cancelled', flatten: 'Close everything was pulled' };

const SENTENCES: Record<string, (body: Body) => string> = {
  account_opened: (b) => `Account ${text(b, 'spec', 'name') || text(b, 'spec', 'id')} was opened at ${text(b, 'spec', 'venue')} (${text(b, 'spec', 'mode')})`,
  incarnation_started: (b) => `The desk took the account over, run ${text(b, 'incarnation')}`,
  instrument_set: (b) => `Rules of ${ticker(text(b, 'instrument', 'id'))} are in force: tick ${text(b, 'instrument', 'tick')}, step ${text(b, 'instrument', 'step')}`,
  book_opened: (b) => `Book ${text(b, 'name') || text(b, 'book')} was opened${text(b, 'capital') ? ` with ${amount(text(b, 'capital'))} of capital` : ''}`,
  limits_set: (b) => {
    const names = Object.keys((at(b, 'limits') as Body | undefined) ?? {});
    return `Limits of ${scope(at(b, 'target'))} were replaced: ${names.length === 0 ? 'none is left' : names.length > 3 ? `${names.length} in force` : names.map(limitName).join(', ')}`;
  },
  policy_set: () => 'The policy of the account was replaced',
  intent_refused: (b) => {
    const refusals = (at(b, 'refusals') as Body[] | undefined) ?? [];
    return `Blocked: ${wish(at(b, 'intent'))}. ${refusals.map((one) => text(one, 'message') || plain(text(one, 'code'))).join(' ')}`;
  },
  refusals_counted: (b) => `${text(b, 'count')} more requests${text(b, 'origin', 'principal') ? ` of ${originText(at(b, 'origin') as Origin)}` : ''} were blocked`,
  order_held: (b) => `${wish(at(b, 'intent'))} waits for approval: worth ${amount(text(b, 'notional'), { digits: 2 })}, above ${amount(text(b, 'limit'))}`,
  hold_resolved: (b) => `The request for approval was ${HOLDS[text(b, 'decision')] ?? plain(text(b, 'decision'))}`,
  order_armed: (b) => `${wish(at(b, 'intent'))} waits for the next opening`,
  armed_ended: (b) => `The wait for an opening ended: ${ARMED[text(b, 'end')] ?? plain(text(b, 'end'))}`,
  order_recorded: (b) => `${CLASSES[text(b, 'class')] ?? 'Order'}: ${text(b, 'side')} ${quantity(text(b, 'qty'))} ${ticker(text(b, 'instrument'))}, ${how(at(b, 'kind'))}${spoken(at(b, 'origin'))}`,
  order_accepted: (b) => `The venue has the order, as ${text(b, 'venue_order_id')}`,
  order_unknown: (b) => `The venue’s answer is missing: ${text(b, 'why')}`,
  order_rejected: (b) => `The order never lived: ${text(b, 'text') || plain(text(b, 'reason'))}`,
  order_ended: (b) => `Order ${text(b, 'status')}${sign(text(b, 'filled')) > 0 ? `, ${quantity(text(b, 'filled'))} filled` : ', nothing filled'}${text(b, 'reason') ? `: ${text(b, 'reason')}` : ''}`,
  order_resurfaced: (b) => `An order that was taken for dead lives at the venue: ${quantity(text(b, 'open'))} open`,
  order_written_off: () => 'A lost order was written off',
  cancel_recorded: (b) => `Cancel sent: ${text(b, 'reason')}`,
  cancel_failed: (b) => `The cancel failed, the order may live on: ${text(b, 'why')}`,
  filled: (b) =>
    `${text(b, 'fill', 'side') === 'buy' ? 'Bought' : 'Sold'} ${quantity(text(b, 'fill', 'qty'))} ${ticker(text(b, 'fill', 'instrument'))} at ${price(text(b, 'fill', 'price'))}${
      at(b, 'fill', 'fee') ? `, fee ${money(text(b, 'fill', 'fee', 'amount'), text(b, 'fill', 'fee', 'currency'))}` : ''
    }`,
  external_order: () => 'An order that the desk did not send was seen at the venue',
  adopted: (b) => `${quantity(abs(text(b, 'qty') || '0'))} ${ticker(text(b, 'instrument'))} went to book ${text(b, 'book')} at ${price(text(b, 'price'))}`,
  position_adjusted: (b) => `${ticker(text(b, 'instrument'))} changed by ${quantity(text(b, 'qty'))} without an execution: ${text(b, 'reason')}`,
  cash_adjusted: (b) => `Cash corrected by ${cashOf(b, 'money')}: ${text(b, 'reason')}`,
  cash_moved: (b) => `${plain(text(b, 'movement', 'kind') || 'Cash')}: ${cashOf(b, 'movement', 'money')}`,
  action_applied: (b) => `A corporate action changed the units of ${ticker(text(b, 'action', 'instrument')) || 'a symbol'}`,
  reconciled: () => 'Books and venue were compared and agree',
  close_started: (b) => `Closing ${quantity(text(b, 'qty'))} ${ticker(text(b, 'instrument'))} in ${text(b, 'book')}: ${PURPOSES[text(b, 'purpose')] ?? plain(text(b, 'purpose'))}`,
  close_ended: (b) => (text(b, 'done') === 'true' ? `The close is done: ${text(b, 'text')}` : `The close did not get through: ${text(b, 'text')}`),
  plan_set: (b) => {
    const [stop, target] = [text(b, 'protective', 'stop'), text(b, 'protective', 'target')];
    return `Levels of ${ticker(text(b, 'instrument'))} were set: stop ${stop ? price(stop) : 'none'}, target ${target ? price(target) : 'none'}`;
  },
  day_opened: (b) => `Trading day ${text(b, 'day')} opened with ${amount(text(b, 'equity'), { digits: 2 })} of equity`,
  peak_raised: (b) => `Equity reached a new peak, ${amount(text(b, 'equity'), { digits: 2 })}`,
  marked: (b) => (text(b, 'equity') ? `Equity ${amount(text(b, 'equity'), { digits: 2 })}` : `Prices of ${((at(b, 'prices') as Body[] | undefined) ?? []).map((one) => ticker(text(one, 'instrument'))).join(', ')}`),
  latch_set: (b) => `${latch(text(b, 'latch'))}: entries stop. ${text(b, 'text')}`,
  latch_released: (b) => `Released: ${latch(text(b, 'latch'))}${text(b, 'peak') ? `; the fall counts from ${amount(text(b, 'peak'), { digits: 2 })}` : ''}`,
  kill_pulled: (b) => `${PULLED[text(b, 'level')] ?? `Kill switch: ${text(b, 'level')}`}: ${text(b, 'reason')}`,
  kill_released: () => 'The stop was released: entries are allowed again',
  alarm: (b) => `Alarm: ${text(b, 'text') || plain(text(b, 'code'))}`,
  emergency_merged: (b) => `${text(b, 'count')} records of the emergency journal were taken over`,
  desk_started: (b) => `The desk started, run ${text(b, 'incarnation')}, version ${text(b, 'version')}`,
  account_added: (b) => `Account ${text(b, 'account')} was added`,
  desk_limits_set: (b) => {
    const names = Object.keys(given(at(b, 'limits')));
    return `The desk’s limits were replaced: ${names.length === 0 ? 'none is left' : names.map(limitName).join(', ')}`;
  },
  heads: (b) => `The heads of ${Object.keys((at(b, 'heads') as Body | undefined) ?? {}).length} streams were tied to this one`,
};

const given = (value: unknown): Body => Object.fromEntries(Object.entries((value as Body | undefined) ?? {}).filter(([, one]) => one !== null));

/** What happened, in a sentence. */
export function sentence(record: Pick<RecordView, 'kind' | 'body'>): string {
  try {
    return SENTENCES[record.kind]?.(bodyOf(record)) ?? plain(record.kind);
  } catch {
    // A body of a form that this page does not know yet.
    return plain(record.kind);
  }
}

export interface KindGroup {
  id: string;
  text: string;
  kinds: string[];
}

export const GROUPS: KindGroup[] = [
  { id: 'orders', text: 'Orders and fills', kinds: ['order_recorded', 'order_accepted', 'order_unknown', 'order_rejected', 'order_ended', 'order_resurfaced', 'order_written_off', 'cancel_recorded', 'cancel_failed', 'filled', 'external_order', 'close_started', 'close_ended', 'plan_set'] },
  { id: 'blocked', text: 'Blocked requests', kinds: ['intent_refused', 'refusals_counted'] },
  { id: 'approvals', text: 'Approvals and openings', kinds: ['order_held', 'hold_resolved', 'order_armed', 'armed_ended'] },
  { id: 'stops', text: 'Stops, latches and alarms', kinds: ['kill_pulled', 'kill_released', 'latch_set', 'latch_released', 'alarm'] },
  { id: 'settings', text: 'Limits, policy, books', kinds: ['limits_set', 'policy_set', 'book_opened', 'instrument_set', 'account_opened', 'desk_limits_set', 'account_added'] },
  { id: 'cash', text: 'Cash and holdings', kinds: ['cash_adjusted', 'cash_moved', 'position_adjusted', 'adopted', 'action_applied', 'reconciled'] },
  { id: 'days', text: 'Days, peaks and marks', kinds: ['day_opened', 'peak_raised', 'marked'] },
  { id: 'desk', text: 'Runs of the desk', kinds: ['desk_started', 'incarnation_started', 'heads', 'emergency_merged'] },
];

export type RecordTone = 'plain' | 'up' | 'down' | 'warn' | 'accent';

/** How a record stands out. */
export function toneOf(record: Pick<RecordView, 'kind' | 'body'>): RecordTone {
  const { kind } = record;
  if (kind === 'close_ended') return bodyOf(record)['done'] === true ? 'plain' : 'down';
  if (/^(intent_refused|refusals_counted|order_rejected|kill_pulled|latch_set|alarm|cancel_failed)$/.test(kind)) return 'down';
  if (/^(order_held|order_unknown|order_resurfaced|order_written_off|external_order|position_adjusted|cash_adjusted)$/.test(kind)) return 'warn';
  if (kind === 'filled') return 'accent';
  return /^(kill_released|latch_released)$/.test(kind) ? 'up' : 'plain';
}
