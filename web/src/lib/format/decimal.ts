// Exact arithmetic on decimal strings. Money never becomes a JavaScript number: what the desk sends
// as text is added, compared and rounded here as BigInt and printed as text again.

/** A decimal: `units / 10^scale`. */
export interface Decimal {
  units: bigint;
  scale: number;
}

const FORM = /^([+-]?)(\d*)(?:\.(\d*))?$/;
/** More digits than any amount, and a bound on what a form can make us compute. */
const DIGITS_MAX = 60;

/** Reads a decimal; null when the text is none. */
export function parse(text: string | null | undefined): Decimal | null {
  if (text === null || text === undefined) return null;
  const found = FORM.exec(text.trim());
  if (!found) return null;
  const whole = found[2] ?? '';
  const part = found[3] ?? '';
  if (whole === '' && part === '') return null;
  if (whole.length + part.length > DIGITS_MAX) return null;
  const units = BigInt(whole + part || '0');
  return { units: found[1] === '-' ? -units : units, scale: part.length };
}

function must(text: string): Decimal {
  const value = parse(text);
  if (value === null) throw new RangeError(`not a decimal: ${text}`);
  return value;
}

function level(a: Decimal, b: Decimal): [bigint, bigint, number] {
  const scale = Math.max(a.scale, b.scale);
  return [a.units * 10n ** BigInt(scale - a.scale), b.units * 10n ** BigInt(scale - b.scale), scale];
}

/** Writes a decimal without an exponent and without trailing zeros. */
export function print(value: Decimal): string {
  const negative = value.units < 0n;
  const digits = (negative ? -value.units : value.units).toString().padStart(value.scale + 1, '0');
  const whole = digits.slice(0, digits.length - value.scale);
  const part = digits.slice(digits.length - value.scale).replace(/0+$/, '');
  const text = part === '' ? whole : `${whole}.${part}`;
  return negative && text !== '0' ? `-${text}` : text;
}

export function add(a: string, b: string): string {
  const [x, y, scale] = level(must(a), must(b));
  return print({ units: x + y, scale });
}

export function sub(a: string, b: string): string {
  const [x, y, scale] = level(must(a), must(b));
  return print({ units: x - y, scale });
}

export function mul(a: string, b: string): string {
  const [x, y] = [must(a), must(b)];
  return print({ units: x.units * y.units, scale: x.scale + y.scale });
}

/** `a / b` cut to `scale` digits, towards zero; null when `b` is zero. */
export function div(a: string, b: string, scale = 8): string | null {
  const [x, y] = level(must(a), must(b));
  if (y === 0n) return null;
  return print({ units: (x * 10n ** BigInt(scale)) / y, scale });
}

/** -1, 0 or 1. */
export function compare(a: string, b: string): -1 | 0 | 1 {
  const [x, y] = level(must(a), must(b));
  return x < y ? -1 : x > y ? 1 : 0;
}

/** -1, 0 or 1; 0 for what is not a decimal. */
export function sign(text: string | null | undefined): -1 | 0 | 1 {
  const value = parse(text);
  return value === null || value.units === 0n ? 0 : value.units < 0n ? -1 : 1;
}

export function abs(text: string): string {
  const value = must(text);
  return print({ ...value, units: value.units < 0n ? -value.units : value.units });
}

export function negate(text: string): string {
  const value = must(text);
  return print({ ...value, units: -value.units });
}

export function sum(values: readonly string[]): string {
  return values.reduce((total, value) => add(total, value), '0');
}

/** Rounded half to even to `scale` digits, which are all written. */
export function fixed(text: string, scale: number): string {
  const value = must(text);
  let units = value.units;
  if (value.scale > scale) {
    const unit = 10n ** BigInt(value.scale - scale);
    const rest = ((units % unit) + unit) % unit;
    units = (units - rest) / unit;
    if (rest * 2n > unit || (rest * 2n === unit && units % 2n !== 0n)) units += 1n;
  } else {
    units *= 10n ** BigInt(scale - value.scale);
  }
  const negative = units < 0n;
  const digits = (negative ? -units : units).toString().padStart(scale + 1, '0');
  const whole = digits.slice(0, digits.length - scale);
  const part = digits.slice(digits.length - scale);
  return `${negative ? '-' : ''}${whole}${scale > 0 ? `.${part}` : ''}`;
}

/** Down to a multiple of `step`, towards zero. */
export function floorTo(text: string, step: string): string {
  const [x, y, scale] = level(must(text), must(step));
  return y === 0n ? print({ units: x, scale }) : print({ units: (x / y) * y, scale });
}

export function isMultiple(text: string, step: string): boolean {
  const [x, y] = level(must(text), must(step));
  return y === 0n || x % y === 0n;
}

/** Digits behind the point of a step such as `0.01`. */
export function decimals(step: string): number {
  return print(must(step)).split('.')[1]?.length ?? 0;
}

/** `part` of `whole` as a share between 0 and 1, for the length of a bar: drawing, not money. */
export function share(part: string, whole: string): number {
  const quotient = sign(whole) === 0 ? null : div(part, whole, 6);
  return quotient === null ? 0 : Math.min(1, Math.max(0, toNumber(quotient)));
}

/** For charts and lengths only. What a person reads or the desk is sent is never made from this. */
export function toNumber(text: string): number {
  return Number(text);
}
