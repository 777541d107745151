import { beforeEach, describe, expect, it, vi } from 'vitest';
import { address } from '../src/lib/api/ask';
import { faultsOf } from '../src/lib/api/strategies';
import { completionsAt } from '../src/lib/strategy/complete';
import { diff } from '../src/lib/strategy/diff';
import { dropDraft, keepDraft, readDraft } from '../src/lib/strategy/drafts';
import { callAt, syntax, wordAt } from '../src/lib/strategy/syntax';
import { bookId } from '../src/routes/strategies/words';
import { lines, offsetOf, positionOf, rangeOf } from '../src/lib/strategy/text';
import { session } from '../src/lib/stores/session.svelte';

const SOURCE = `name = "Golden cross" # two averages
symbols = ["IBM"]

[params]
fast = { default = 10, min = 5, max = 50 }

[entry]
long = "crosses_above(sma(close, fast), sma(close, 30)) and volume > 1"
`;

describe('places in a text', () => {
  it('count characters as the desk does, not units of the browser', () => {
    const text = 'a🙂b\n🙂cd';
    expect(offsetOf(text, 1, 3)).toBe(3);
    expect(text.slice(offsetOf(text, 2, 2))).toBe('cd');
    expect(positionOf(text, text.indexOf('c'))).toEqual({ line: 2, column: 2 });
    const range = rangeOf(text, { line: 2, column: 1, length: 2 });
    expect(text.slice(range.from, range.to)).toBe('🙂c');
  });

  it('stay inside what there is', () => {
    expect(offsetOf('ab\ncd', 1, 99)).toBe(2);
    expect(offsetOf('ab', 7, 1)).toBe(2);
    expect(rangeOf('ab\ncd', { line: 1, column: 3, length: 1 })).toEqual({ from: 1, to: 2 });
    expect(rangeOf('', { line: 1, column: 1, length: 1 })).toEqual({ from: 0, to: 0 });
  });

  it('go back and forth', () => {
    for (let at = 0; at <= SOURCE.length; at += 1) {
      const { line, column } = positionOf(SOURCE, at);
      expect(offsetOf(SOURCE, line, column)).toBe(at);
    }
  });
});

describe('the coloured text', () => {
  it('is the text, line by line', () => {
    const found = lines(SOURCE, syntax(SOURCE).pieces, [{ from: 8, to: 30 }]);
    expect(found.map((line) => line.map((run) => run.text).join('')).join('\n')).toBe(SOURCE);
  });

  it('marks faults across pieces', () => {
    const found = lines('a b\nc', [{ from: 0, to: 1, kind: 'key' as const }], [{ from: 0, to: 4 }]);
    expect(found).toEqual([[{ text: 'a', kind: 'key', marked: true }, { text: ' b', kind: null, marked: true }], [{ text: 'c', kind: null, marked: false }]]);
  });

  it('stays whole while somebody types', () => {
    for (let at = 0; at <= SOURCE.length; at += 1) {
      const part = SOURCE.slice(0, at);
      const found = lines(part, syntax(part).pieces, []);
      expect(found.map((line) => line.map((run) => run.text).join('')).join('\n')).toBe(part);
    }
  });
});

describe('the syntax', () => {
  const found = syntax(SOURCE);
  const kindOf = (text: string) => found.pieces.find((one) => SOURCE.slice(one.from, one.to) === text)?.kind;

  it('tells words from formulas', () => {
    expect(kindOf('"Golden cross"')).toBe('text');
    expect(kindOf('# two averages')).toBe('comment');
    expect(kindOf('[entry]')).toBe('table');
    expect(kindOf('crosses_above')).toBe('function');
    expect(kindOf('close')).toBe('name');
    expect(kindOf('and')).toBe('word');
    expect(found.formulas.map((one) => SOURCE.slice(one.from, one.to))).toEqual(['crosses_above(sma(close, fast), sma(close, 30)) and volume > 1']);
  });

  it('knows the strategy’s own parameters', () => {
    expect(found.params).toEqual(['fast']);
    const use = found.pieces.filter((one) => SOURCE.slice(one.from, one.to) === 'fast').map((one) => one.kind);
    expect(use).toEqual(['key', 'param']);
  });

  it('finds the call around the caret and its argument', () => {
    const at = (text: string, more = 0) => callAt(SOURCE, found, SOURCE.indexOf(text) + more);
    expect(at('crosses_above', 3)).toEqual({ name: 'crosses_above', argument: null });
    expect(at('close, fast', 8)).toEqual({ name: 'sma', argument: 1 });
    expect(at(', sma(close, 30)', 1)).toEqual({ name: 'crosses_above', argument: 1 });
    expect(at('volume', 2)).toBeNull();
    expect(at('Golden')).toBeNull();
  });
});

describe('completion', () => {
  const known = {
    functions: ['sma', 'ema', 'smooth'].map((name) => ({ name, group: 'average', signature: `${name}(source=close, length)`, summary: '', formula: '', source: '', example: '', warm_up_bars: 0, outputs: [], arguments: [] })),
    names: [{ name: 'close', summary: 'The bar’s last price.' }],
  };
  const at = (text: string, asked = false) => {
    const source = `[params]\nspan = 3\n[entry]\nlong = "${text}"\n`;
    return completionsAt(source, syntax(source), known, source.length - 2, asked);
  };

  it('offers what begins so first, and the strategy’s own names', () => {
    expect(at('sm')?.items.map((one) => one.text)).toEqual(['sma', 'smooth']);
    expect(at('spa')?.items.map((one) => [one.text, one.kind])).toEqual([['span', 'param']]);
    expect(at('clos')?.items.map((one) => one.text)).toEqual(['close']);
  });

  it('writes the brackets of a function, and stands between them', () => {
    expect(at('sm')?.items[0]).toMatchObject({ insert: 'sma()', caret: 4 });
  });

  it('is silent in words, numbers, what is written out, and on one letter', () => {
    expect(at('close')).toBeNull();
    expect(at('s')).toBeNull();
    expect(at('s', true)?.items.length).toBeGreaterThan(1);
    expect(at('12')).toBeNull();
    const words = 'name = "sm"';
    expect(completionsAt(words, syntax(words), known, 10, true)).toBeNull();
  });

  it('replaces what was typed, and leaves what stands behind the caret', () => {
    const before = 'long = "smvolume > 1"';
    const found = completionsAt(before, syntax(before), known, 10);
    expect(found && before.slice(found.from, found.to)).toBe('sm');
    expect(wordAt(before, 10).text).toBe('smvolume');
    const called = 'long = "sm(close)"';
    expect(completionsAt(called, syntax(called), known, 10)?.items[0]?.insert).toBe('sma');
  });
});

describe('the book of a run', () => {
  it('is called like the strategy, and never like one that is taken', () => {
    expect(bookId('Golden cross', [])).toBe('golden-cross');
    expect(bookId('Golden cross', ['golden-cross', 'golden-cross-2'])).toBe('golden-cross-3');
    expect(bookId('  ', [])).toBe('strategy');
    expect(bookId('x'.repeat(40), ['x'.repeat(32)])).toBe(`${'x'.repeat(30)}-2`);
  });
});

describe('two texts', () => {
  it('are told line by line', () => {
    expect(diff('a\nb\nc', 'a\nx\nc').map((one) => [one.of, one.text])).toEqual([['both', 'a'], ['first', 'b'], ['second', 'x'], ['both', 'c']]);
    expect(diff(SOURCE, SOURCE).every((one) => one.of === 'both')).toBe(true);
  });

  it('are both whole in what is told', () => {
    const [a, b] = ['1\n2\n3\n4', '0\n2\n4\n5'];
    const found = diff(a, b);
    expect(found.filter((one) => one.of !== 'second').map((one) => one.text).join('\n')).toBe(a);
    expect(found.filter((one) => one.of !== 'first').map((one) => one.text).join('\n')).toBe(b);
  });
});

describe('unsaved text', () => {
  const kept = new Map<string, string>();
  beforeEach(() => {
    kept.clear();
    vi.stubGlobal('localStorage', { getItem: (key: string) => kept.get(key) ?? null, setItem: (key: string, value: string) => kept.set(key, value), removeItem: (key: string) => kept.delete(key) });
  });

  it('is kept for each strategy', () => {
    keepDraft('a', { source: 'x', revision: 3, at: '2013-03-01T00:00:00Z' });
    expect(readDraft('a')).toEqual({ source: 'x', revision: 3, at: '2013-03-01T00:00:00Z' });
    expect(readDraft('b')).toBeNull();
    dropDraft('a');
    expect(readDraft('a')).toBeNull();
  });

  it('is not shown to who signs in next', () => {
    const person = (id: string) => ({ user: { id, name: id, role: 'trader', accounts: [] } }) as unknown as typeof session.view;
    session.view = person('u1');
    keepDraft('new', { source: 'mine', revision: null, at: '2013-03-01T00:00:00Z' });
    session.view = person('u2');
    expect(readDraft('new')).toBeNull();
    session.view = person('u1');
    expect(readDraft('new')?.source).toBe('mine');
    session.view = null;
  });

  it('is nothing when what is stored is something else', () => {
    kept.set('cofferdam.strategy..a', '{"source":1}');
    expect(readDraft('a')).toBeNull();
    kept.set('cofferdam.strategy..a', 'torn');
    expect(readDraft('a')).toBeNull();
  });
});

describe('requests', () => {
  it('leave out what is empty', () => {
    expect(address('/api/backtests', { limit: 50, after: null, of: '' })).toBe('/api/backtests?limit=50');
    expect(address('/api/strategies')).toBe('/api/strategies');
  });

  it('read faults from a refusal, and none from another problem', () => {
    const problem = { code: 'strategy_faults', detail: '', remedy: '', status: 422, title: '', type: '' };
    expect(faultsOf({ ...problem, faults: [{ code: 'x', line: 1, column: 1, length: 1, message: 'm', help: null }] } as never)).toHaveLength(1);
    expect(faultsOf(problem)).toEqual([]);
    expect(faultsOf(null)).toEqual([]);
  });
});
