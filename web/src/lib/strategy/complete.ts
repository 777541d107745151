// What could be written at the caret: functions, names of the bar, the strategy's own parameters.
import type { Functions } from '../api/strategies';
import { formulaAt, wordAt, type Syntax } from './syntax';

export interface Completion {
  text: string;
  kind: 'function' | 'name' | 'param';
  about: string;
  /** What is written, and where the caret stands in it. */
  insert: string;
  caret: number;
}

export interface Completions {
  /** What is replaced: the word up to the caret. What stands behind it is left alone. */
  from: number;
  to: number;
  items: Completion[];
}

export const COMPLETIONS_MAX = 8;

/** Null where nothing can be completed. With `asked` an empty word is completed too. */
export function completionsAt(source: string, found: Syntax, known: Functions | null, offset: number, asked = false): Completions | null {
  if (!known || !formulaAt(found, offset)) return null;
  const word = wordAt(source, offset);
  const begun = source.slice(word.from, offset).toLowerCase();
  if (/^\d/.test(begun) || (begun.length < 2 && !asked)) return null;
  const called = source[word.to] === '(';
  const all: Completion[] = [
    ...found.params.map((text) => ({ text, kind: 'param' as const, about: 'of this strategy', insert: text, caret: text.length })),
    ...known.names.map((one) => ({ text: one.name, kind: 'name' as const, about: one.summary, insert: one.name, caret: one.name.length })),
    ...known.functions.map((one) => ({
      text: one.name, kind: 'function' as const, about: one.signature,
      insert: called ? one.name : `${one.name}()`, caret: one.name.length + (one.signature.endsWith('()') && !called ? 2 : 1),
    })),
  ];
  const matches = all
    .filter((one) => one.text.toLowerCase().includes(begun))
    .sort((a, b) => rank(a.text, begun) - rank(b.text, begun) || a.text.length - b.text.length || a.text.localeCompare(b.text));
  const items = matches.slice(0, COMPLETIONS_MAX);
  // A word that is written out needs no help.
  if (items.length === 0 || (!asked && items[0]?.text.toLowerCase() === begun)) return null;
  return { from: word.from, to: offset, items };
}

const rank = (text: string, begun: string): number => (text.toLowerCase().startsWith(begun) ? 0 : 1);
