// How amounts are written. Input and output are text; nothing here goes through a float.
import { compare, decimals as digitsOf, fixed, parse, print, sign } from './decimal';

/** What stands where there is no value. */
export const NONE = '–';
const MINUS = '−';
const WHOLE = new Set(['JPY', 'KRW', 'VND', 'CLP', 'ISK', 'HUF']);
const COINS = new Set(['BTC', 'ETH', 'SOL', 'BNB', 'XRP']);

/** Digits behind the point with which a currency is shown. */
export function currencyDigits(currency: string): number {
  if (WHOLE.has(currency)) return 0;
  return COINS.has(currency) ? 8 : 2;
}

/** What stands between thousands; a person's choice for this browser. */
let between = ',';

export function setGrouping(separator: string): void {
  between = separator;
}

function group(text: string): string {
  const negative = text.startsWith('-');
  const [whole = '0', part] = (negative ? text.slice(1) : text).split('.');
  const grouped = whole.replace(/\B(?=(\d{3})+(?!\d))/g, between);
  return `${negative ? MINUS : ''}${grouped}${part === undefined ? '' : `.${part}`}`;
}

export interface AmountOptions {
  /** Write a plus before gains. */
  signed?: boolean;
  /** Digits behind the point. */
  digits?: number;
}

/** A number with grouped thousands. What would round to zero and isn't keeps two digits. */
export function amount(text: string | null | undefined, options: AmountOptions = {}): string {
  const value = parse(text);
  if (value === null || text === null || text === undefined) return NONE;
  const plain = print(value);
  let shown = options.digits === undefined ? plain : fixed(plain, options.digits);
  if (value.units !== 0n && sign(shown) === 0) {
    const zeros = /^-?0\.(0*)/.exec(plain)?.[1]?.length ?? 0;
    shown = print(parse(fixed(plain, zeros + 2)) ?? value);
  }
  if (sign(shown) === 0) shown = shown.replace('-', '');
  const text2 = group(shown);
  return options.signed && sign(shown) > 0 ? `+${text2}` : text2;
}

/** Money with its currency: `1,234.50 USD`. */
export function money(text: string | null | undefined, currency: string, options: AmountOptions = {}): string {
  if (parse(text) === null) return NONE;
  return `${amount(text, { digits: currencyDigits(currency), ...options })} ${currency}`;
}

/** A gain or loss: always with a sign, so that colour is never the only sign. */
export function gain(text: string | null | undefined, currency: string): string {
  return money(text, currency, { signed: true });
}

/** A price with the digits of its tick. */
export function price(text: string | null | undefined, tick?: string | null): string {
  const value = parse(text);
  if (value === null) return NONE;
  const own = digitsOf(print(value));
  const digits = tick ? Math.max(own, digitsOf(tick)) : Math.max(own, 2);
  return amount(text, { digits });
}

/** A quantity as it is, with grouped thousands. */
export function quantity(text: string | null | undefined): string {
  return amount(text);
}

export function percent(text: string | null | undefined, options: AmountOptions = {}): string {
  if (parse(text) === null) return NONE;
  return `${amount(text, { digits: 2, ...options })} %`;
}

/** A limit, which is an amount or a share such as `10%`. */
export function limit(text: string | null | undefined, currency: string): string {
  if (text === null || text === undefined) return 'no limit';
  return text.endsWith('%') ? `${text.slice(0, -1)} %` : money(text, currency);
}

/** Cash in several currencies. */
export function cash(amounts: Record<string, string> | null | undefined): string {
  const found = Object.entries(amounts ?? {});
  return found.length === 0 ? NONE : found.map(([currency, value]) => money(value, currency)).join(' + ');
}

export type Tone = 'up' | 'down' | 'flat';

export function tone(text: string | null | undefined): Tone {
  const found = sign(text);
  return found > 0 ? 'up' : found < 0 ? 'down' : 'flat';
}

/** For sorting: what is missing comes last. */
export function byDecimal(a: string | null | undefined, b: string | null | undefined): number {
  const [x, y] = [parse(a), parse(b)];
  if (x === null || y === null) return x === y ? 0 : x === null ? -1 : 1;
  return compare(print(x), print(y));
}
