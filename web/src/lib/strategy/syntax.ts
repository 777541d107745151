// The parts of a strategy file for colouring and for knowing where the caret stands: TOML, and
// formulas in its strings. It judges nothing; the desk's check alone says what is wrong.
import type { Piece } from './text';

export type Kind = 'comment' | 'table' | 'key' | 'text' | 'number' | 'function' | 'name' | 'param' | 'word' | 'mark';

export interface Syntax {
  pieces: Piece<Kind>[];
  /** The insides of strings that hold formulas. */
  formulas: { from: number; to: number }[];
  /** Names under `[params]` and `[formulas]`. */
  params: string[];
}

/** Keys whose strings are words, not formulas. */
const WORDS = new Set(['name', 'description', 'symbols', 'timeframe']);
const LOGIC = new Set(['and', 'or', 'not', 'true', 'false']);
const PART = /#.*|"""[\s\S]*?(?:"""|$)|'''[\s\S]*?(?:'''|$)|"(?:\\.|[^"\\\n])*"?|'[^'\n]*'?|-?\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?|[A-Za-z_][\w-]*|\n|\S/giy;
const INSIDE = /#[^\n]*|\d+(?:\.\d+)?(?:e[+-]?\d+)?[a-z]*|[A-Za-z_]\w*|\\"|[^\s\w]/gi;
const TABLE = /^[ \t]*\[\[?[ \t]*([\w.-]+)[ \t]*\]\]?/gmy;

/** Splits a source. Linear in its length. */
export function syntax(source: string): Syntax {
  const found: Syntax = { pieces: [], formulas: [], params: [] };
  let table = '';
  let key = '';
  let value = false;
  let depth = 0;
  let at = 0;
  while (at < source.length) {
    const began = at === 0 || source[at - 1] === '\n';
    TABLE.lastIndex = at;
    const head = began && depth === 0 ? TABLE.exec(source) : null;
    if (head) {
      table = head[1] ?? '';
      found.pieces.push({ from: at, to: at + head[0].length, kind: 'table' });
      at += head[0].length;
      continue;
    }
    PART.lastIndex = at;
    const part = PART.exec(source)?.[0];
    if (part === undefined) {
      at += 1;
      continue;
    }
    const to = at + part.length;
    if (part === '\n') value &&= depth > 0;
    else if (part === '=') value = true;
    else if (part === '[' || part === '{') depth += 1;
    else if (part === ']' || part === '}') depth = Math.max(0, depth - 1);
    if (part.startsWith('#')) found.pieces.push({ from: at, to, kind: 'comment' });
    else if (/^["']/.test(part)) quoted(found, source, at, to, value && !WORDS.has(key));
    else if (/^-?\d/.test(part)) found.pieces.push({ from: at, to, kind: 'number' });
    else if (/^\w/.test(part)) {
      if (!value) {
        key = part;
        if (table === 'params' || table === 'formulas') found.params.push(part);
      }
      found.pieces.push({ from: at, to, kind: value && LOGIC.has(part) ? 'word' : 'key' });
    } else if (part !== '\n') found.pieces.push({ from: at, to, kind: 'mark' });
    at = to;
  }
  return { ...found, pieces: named(found, source) };
}

function quoted(found: Syntax, source: string, from: number, to: number, formula: boolean): void {
  if (!formula) {
    found.pieces.push({ from, to, kind: 'text' });
    return;
  }
  const text = source.slice(from, to);
  const quote = /^("""|'''|"|')/.exec(text)?.[0] ?? '"';
  const inner = from + quote.length;
  const end = text.length > quote.length && text.endsWith(quote) ? to - quote.length : to;
  found.formulas.push({ from: inner, to: Math.max(inner, end) });
  found.pieces.push({ from, to: inner, kind: 'mark' });
  for (const part of source.slice(inner, end).matchAll(INSIDE)) {
    const at = inner + part.index;
    found.pieces.push({ from: at, to: at + part[0].length, kind: inside(part[0], source.slice(at + part[0].length, at + part[0].length + 2)) });
  }
  if (end < to) found.pieces.push({ from: end, to, kind: 'mark' });
}

function inside(part: string, next: string): Kind {
  if (part.startsWith('#')) return 'comment';
  if (/^\d/.test(part)) return 'number';
  if (!/^\w/.test(part)) return 'mark';
  if (LOGIC.has(part)) return 'word';
  return /^\s?\(/.test(next) ? 'function' : 'name';
}

/** Names of parameters are known only when all was read. */
function named(found: Syntax, source: string): Piece<Kind>[] {
  const own = new Set(found.params);
  return found.pieces.map((one) => (one.kind === 'name' && own.has(source.slice(one.from, one.to)) ? { ...one, kind: 'param' } : one));
}

/** The formula around an offset. */
export function formulaAt(found: Syntax, offset: number): { from: number; to: number } | null {
  return found.formulas.find((one) => one.from <= offset && offset <= one.to) ?? null;
}

/** The call around an offset and which of its arguments is written there, from zero. */
export function callAt(source: string, found: Syntax, offset: number): { name: string; argument: number | null } | null {
  const formula = formulaAt(found, offset);
  if (!formula) return null;
  const word = wordAt(source, offset);
  if (word.text !== '' && /^\s?\(/.test(source.slice(word.to, word.to + 2))) return { name: word.text, argument: null };
  let depth = 0;
  let argument = 0;
  for (let at = offset - 1; at >= formula.from; at -= 1) {
    const letter = source[at];
    if (letter === ')') depth += 1;
    else if (letter === ',' && depth === 0) argument += 1;
    else if (letter === '(' && depth > 0) depth -= 1;
    else if (letter === '(') {
      const name = /([A-Za-z_]\w*)\s?$/.exec(source.slice(formula.from, at))?.[1];
      if (name) return { name, argument };
      argument = 0;
    }
  }
  return null;
}

/** The word that an offset stands in or behind. */
export function wordAt(source: string, offset: number): { text: string; from: number; to: number } {
  let from = offset;
  let to = offset;
  while (from > 0 && /\w/.test(source[from - 1] ?? '')) from -= 1;
  while (to < source.length && /\w/.test(source[to] ?? '')) to += 1;
  return { text: source.slice(from, to), from, to };
}
