// Places in a text. The desk counts lines and columns in characters from one; the browser counts
// UTF-16 units from zero. Must not know what the text says.
import type { Fault } from '../api/strategies';

/** The offset of a line and column; what lies beyond is cut to the end of the line or text. */
export function offsetOf(text: string, line: number, column: number): number {
  let start = 0;
  for (let n = 1; n < line; n += 1) {
    const end = text.indexOf('\n', start);
    if (end < 0) return text.length;
    start = end + 1;
  }
  const found = text.indexOf('\n', start);
  const end = found < 0 ? text.length : found;
  return advance(text, start, column - 1, end);
}

/** So many characters on, at most to `end`. */
function advance(text: string, from: number, characters: number, end: number): number {
  let at = from;
  for (let n = 0; n < characters && at < end; n += 1) at += (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
  return Math.min(at, end);
}

/** Line and column of an offset, both from one, in characters. */
export function positionOf(text: string, offset: number): { line: number; column: number } {
  const before = text.slice(0, offset);
  const start = before.lastIndexOf('\n') + 1;
  return { line: before.split('\n').length, column: [...before.slice(start)].length + 1 };
}

export interface Range {
  from: number;
  to: number;
}

/** What of the text a fault is about; at the end of a line the last character before it. */
export function rangeOf(text: string, fault: Pick<Fault, 'line' | 'column' | 'length'>): Range {
  const from = offsetOf(text, fault.line, fault.column);
  const to = advance(text, from, Math.max(1, fault.length), text.length);
  if (to > from && text[from] !== '\n') return { from, to };
  return { from: Math.max(0, from - 1), to: Math.max(from, Math.min(1, text.length)) };
}

export interface Piece<Kind> extends Range {
  kind: Kind;
}

export interface Run<Kind> {
  text: string;
  kind: Kind | null;
  marked: boolean;
}

/** Lines of runs of one look: `pieces` in order and apart, `marks` anywhere. */
export function lines<Kind>(text: string, pieces: readonly Piece<Kind>[], marks: readonly Range[]): Run<Kind>[][] {
  const cuts = new Set([0, text.length, ...pieces.flatMap((one) => [one.from, one.to]), ...marks.flatMap((one) => [one.from, one.to])]);
  const edges = [...cuts].filter((at) => at >= 0 && at <= text.length).sort((a, b) => a - b);
  const found: Run<Kind>[][] = [[]];
  let piece = 0;
  edges.slice(0, -1).forEach((from, n) => {
    const to = edges[n + 1] ?? text.length;
    while (piece < pieces.length && (pieces[piece]?.to ?? 0) <= from) piece += 1;
    const now = pieces[piece];
    const kind = now && now.from <= from ? now.kind : null;
    const marked = marks.some((mark) => mark.from <= from && to <= mark.to);
    text.slice(from, to).split('\n').forEach((part, k) => {
      if (k > 0) found.push([]);
      if (part !== '') found.at(-1)?.push({ text: part, kind, marked });
    });
  });
  return found;
}
