import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { CurvePoint, RunRequest, RunView, SweepPoint } from '../src/lib/api/research';
import { partName, searchText } from '../src/lib/research/asked';
import { aligned, differences, gap, rebased } from '../src/lib/research/compare';
import { CATALOG } from '../src/lib/research/figureCatalog';
import { beats, figureName, OBJECTIVES, plainNumber, unitOf, written } from '../src/lib/research/figures';
import { mixed } from '../src/lib/charts/theme';
import { axesOf, cellOf, figuresOf, heat, strength, type Choice } from '../src/lib/research/heat';
import { axisOf, EMPTY, faults, formOf, requestOf, setsOf, valuesOf } from '../src/lib/research/request';
import { fieldOf, faultsOf, homeless, sentence } from '../src/lib/research/refused';
import { bins, niceWidth, quantile } from '../src/lib/research/spread';

describe('the catalogue of figures', () => {
  it('says what docs/statistics.md says', () => {
    const text = readFileSync(new URL('../../docs/statistics.md', import.meta.url), 'utf8');
    for (const { section, figures } of CATALOG) {
      const part = text.split(`\n## ${section}\n`)[1]?.split('\n## ')[0] ?? '';
      const rows = [...part.matchAll(/^\| `(\w+)` \| (\S+) \| (.*?) \| (.*?) \| (.*?) ?\|$/gm)].map((row) => row.slice(1, 5));
      expect(figures.map((one) => [...one])).toEqual(rows);
    }
  });

  it('has every objective', () => {
    const names = CATALOG.flatMap((group) => group.figures.map((one) => one[0]));
    expect(OBJECTIVES.filter((one) => !names.includes(one))).toEqual([]);
  });
});

describe('figures', () => {
  it('are written with their unit, and never as a zero when undefined', () => {
    expect(written('sharpe', null)).toBe('–');
    expect(written('total_return_percent', 4.267318245, 'utc', true)).toBe('+4.27 %');
    expect(written('final_equity', '10426.7318245')).toBe('10,426.73 USD');
    expect(written('trade_count', 30)).toBe('30');
    expect(written('deflated_sharpe', 0.6498)).toBe('65.0 %');
    expect(written('longest_drawdown_seconds', 203_130_000)).toBe('6.4 years');
    expect(written('average_mae', '-65.37478667')).toBe('−65.37 USD');
    expect(written('started_at', '2000-03-01T14:30:00Z')).toBe('2000-03-01');
    expect(unitOf('expectancy_r')).toBe('R');
    expect(figureName('drawdown_count')).toBe('Drawdown count');
  });

  it('have no exponent', () => {
    expect(plainNumber(1.5e-9)).toBe('0.0000000015');
    expect(plainNumber(1e21)).toBe('1000000000000000000000');
    expect(plainNumber(Infinity)).toBe('');
  });

  it('beat each other the way that is better', () => {
    expect(beats('sharpe', 1, 0.5)).toBe(true);
    expect(beats('max_drawdown_percent', 5, 9)).toBe(true);
    expect(beats('sharpe', null, 0.5)).toBe(false);
    expect(beats('sharpe', 0.1, null)).toBe(true);
    expect(beats('trade_count', 9, 1)).toBe(false);
  });
});

const point = (fast: number, slow: number, stop: number, objective: number | null): SweepPoint => ({ params: { fast, slow, stop }, objective, figures: { sharpe: objective, trade_count: null } });
const POINTS = [point(5, 20, 1, 0.1), point(5, 40, 1, 0.2), point(10, 20, 1, 0.3), point(10, 40, 1, null), point(5, 20, 2, 0.5), point(10, 20, 2, 0.7)];
const CHOICE: Choice = { x: 'fast', y: 'slow', figure: 'objective', others: 'best', at: { fast: 10, slow: 20, stop: 2 } };

describe('the heat map', () => {
  it('has the axes that were searched and the figures that have values', () => {
    expect(axesOf(POINTS)).toEqual(['fast', 'slow', 'stop']);
    expect(axesOf(POINTS.filter((one) => one.params['stop'] === 1))).toEqual(['fast', 'slow']);
    expect(figuresOf(POINTS)).toEqual(['sharpe']);
  });

  it('fixes other parameters at the best set, and leaves untried places empty', () => {
    const map = heat(POINTS, CHOICE);
    expect(map.cells).toEqual([[{ value: 0.5, sets: 1 }, { value: 0.7, sets: 1 }], [null, null]]);
    expect([map.low, map.high]).toEqual([0.5, 0.7]);
  });

  it('averages over other parameters, undefined values left out', () => {
    const map = heat(POINTS, { ...CHOICE, others: 'mean' });
    expect(map.cells[0]?.[0]?.value).toBeCloseTo(0.3);
    expect(map.cells[0]?.[0]?.sets).toBe(2);
    expect(map.cells[1]?.[1]).toEqual({ value: null, sets: 1 });
  });

  it('knows what is better', () => {
    expect(strength({ low: 1, high: 3 }, 3, 'higher')).toBe(1);
    expect(strength({ low: 1, high: 3 }, 3, 'lower')).toBe(0);
    expect(strength({ low: 1, high: 1 }, 1, 'lower')).toBe(1);
    expect(strength({ low: 1, high: 3 }, null, 'higher')).toBeNull();
  });

  it('mixes colours of the theme, shortened ones too', () => {
    expect(mixed('#ffffff', '#000000', 0.5)).toBe('rgb(128 128 128)');
    expect(mixed('#fff', '#0b6890', 0)).toBe('rgb(255 255 255)');
    expect(mixed('#fff', '#0b6890', 1)).toBe('rgb(11 104 144)');
  });

  it('finds the cell of a set, and none when it lies elsewhere', () => {
    const map = heat(POINTS, CHOICE);
    expect(cellOf(map, POINTS, CHOICE, { fast: 10, slow: 20, stop: 2 })).toEqual({ x: 1, y: 0 });
    expect(cellOf(map, POINTS, CHOICE, { fast: 10, slow: 20, stop: 1 })).toBeNull();
    expect(cellOf(map, POINTS, { ...CHOICE, others: 'mean' }, { fast: 10, slow: 20, stop: 1 })).toEqual({ x: 1, y: 0 });
  });

  it('gathers a few draws from many values, but never a grid', () => {
    const drawn = Array.from({ length: 30 }, (_, n) => point(n, (n * 7) % 31, 1, n));
    const map = heat(drawn, { ...CHOICE, others: 'mean' });
    expect([map.gathered, map.x.length, map.y.length]).toEqual([true, 5, 5]);
    expect(map.cells.flat().reduce((total, cell) => total + (cell?.sets ?? 0), 0)).toBe(30);
    const grid = [5, 10, 15].flatMap((fast) => [20, 30].map((slow) => point(fast, slow, 1, fast)));
    expect(heat(grid, CHOICE).gathered).toBe(false);
  });

  it('gathers what was drawn, and loses no set', () => {
    const drawn = Array.from({ length: 200 }, (_, n) => point(n, (n * 7) % 150, 1, n));
    const map = heat(drawn, { ...CHOICE, others: 'mean' });
    expect(map.gathered).toBe(true);
    expect(map.x.length).toBe(12);
    expect(map.cells.flat().reduce((total, cell) => total + (cell?.sets ?? 0), 0)).toBe(200);
  });
});

const curve = (from: string, values: number[]): CurvePoint[] =>
  values.map((equity, n) => ({ at: new Date(Date.parse(from) + n * 86_400_000).toISOString(), equity: String(equity), drawdown_percent: 0, exposure_percent: 0, benchmark: null }));

describe('runs beside each other', () => {
  it('begin at 100', () => {
    expect(rebased(curve('2010-01-01', [200, 210, 190])).values).toEqual([100, 105, 95]);
    expect(rebased(curve('2010-01-01', [0, 1])).values).toEqual([]);
    expect(rebased([]).values).toEqual([]);
  });

  it('share an axis; what has not begun or has ended has no value', () => {
    const a = rebased(curve('2010-01-01', [100, 110, 120]));
    const b = rebased(curve('2010-01-02', [50, 55, 60]));
    const { times, series } = aligned([a, b]);
    expect(times).toHaveLength(4);
    expect(series).toEqual([[100, expect.closeTo(110), 120, null], [null, 100, expect.closeTo(110), 120]]);
  });

  it('hold the last value between thinned points', () => {
    const a = { times: [0, 10], values: [100, 120] };
    const b = { times: [0, 5, 10], values: [100, 101, 102] };
    expect(aligned([a, b]).series[0]).toEqual([100, 100, 120]);
  });

  it('differ in what was asked, defaults written out', () => {
    const run = (request: Partial<RunRequest>, more: Partial<RunView> = {}) =>
      ({ request: { kind: 'backtest', strategy_id: 's', ...request }, strategy: { id: 's', name: 'Cross', hash: 'abcdef0123' }, symbols: ['IBM'], timeframe: '1d', params: { fast: 10 }, ...more }) as RunView;
    expect(differences([run({}), run({ fee: '0.001', seed: 1 })])).toEqual([]);
    expect(differences([run({}), run({ from: '2010-01-01' }, { params: { fast: 20 } })])).toEqual([{ path: 'params.fast', values: ['10', '20'] }, { path: 'from', values: [null, '2010-01-01'] }]);
    expect(differences([run({}), run({ source: 'x' }, { strategy: { id: null, name: 'Cross', hash: 'ffff0000' } })]).map((one) => one.path)).toEqual(['text']);
    const sweep = run({ search: { grid: { fast: { from: 5, to: 15, step: 5 } }, objective: 'sharpe' } });
    expect(differences([run({}), sweep])).toEqual([
      { path: 'params.fast', values: ['10', null] }, { path: 'search.sets', values: [null, 'fast 5 to 15 by 5'] }, { path: 'search.objective', values: [null, 'sharpe'] },
    ]);
    expect(searchText({ random: 2000 })).toBe('2,000 random sets');
    expect(['params.fast', 'slippage_bps', 'search.sets'].map(partName)).toEqual(['fast', 'Slippage, bps', 'Searched']);
    expect(gap(1, 3)).toBe(2);
    expect(gap(null, 3)).toBeNull();
  });
});

describe('the spread of values', () => {
  it('keeps gains and losses apart and counts everything once', () => {
    const values = [-3, -0.5, -0.1, 0.2, 1, 5];
    const found = bins(values, 5);
    expect(found.reduce((total, bin) => total + bin.count, 0)).toBe(values.length);
    expect(found.some((bin) => bin.from === 0)).toBe(true);
    expect(found.every((bin) => bin.to <= 0 || bin.from >= 0)).toBe(true);
  });

  it('works for one value and for none', () => {
    expect(bins([])).toEqual([]);
    expect(bins([7]).map((bin) => bin.count)).toEqual([1]);
    expect(bins([0, 0]).reduce((total, bin) => total + bin.count, 0)).toBe(2);
  });

  it('has round steps and ranks', () => {
    expect(niceWidth(0.3)).toBe(0.5);
    expect(niceWidth(21)).toBe(25);
    expect(quantile([3, 1, 2], 0.5)).toBe(2);
    expect(quantile([], 0.5)).toBeNull();
  });
});

const PARAMS = [{ name: 'fast', default: 10, min: 5, max: 50, step: 1 }, { name: 'slow', default: 30, min: 20, max: 200, step: 2 }];

describe('the form', () => {
  it('becomes a request that names only what differs from the file', () => {
    const form = { ...EMPTY, params: { fast: '12', slow: '30' } };
    expect(requestOf(form, { strategy_id: 's1' }, PARAMS)).toEqual({
      kind: 'backtest', strategy_id: 's1', params: { fast: 12 }, cash: '10000', fee: '0.001', slippage_bps: '2', spread_bps: '0', borrow_rate: '0', limits: 'research', seed: 1,
    });
  });

  it('searches chosen parameters and fixes the others', () => {
    const form = { ...EMPTY, kind: 'sweep' as const, params: { fast: '12', slow: '40' }, axes: { fast: { on: true, from: '5', to: '20', step: '5' }, slow: { on: false, from: '20', to: '40', step: '2' } } };
    expect(faults(form, PARAMS)).toEqual({});
    expect(setsOf(form)).toBe(4);
    expect(requestOf(form, { source: 'x' }, PARAMS)).toMatchObject({ source: 'x', params: { slow: 40 }, seed: 1, search: { grid: { fast: { from: 5, to: 20, step: 5 } }, objective: 'sharpe' } });
  });

  it('comes back from a run as it was', () => {
    const form = { ...EMPTY, kind: 'walk_forward' as const, from: '2001-01-01', until: '2009-01-01', params: { slow: '40' }, axes: { fast: { on: true, from: '5', to: '20', step: '5' } }, train: '900', anchored: true };
    expect(formOf({ request: requestOf(form, { strategy_id: 's' }, PARAMS) })).toEqual(form);
  });

  it('is read from what the desk tells, with absent parts null and axes as text', () => {
    const told = { kind: 'sweep', strategy_id: null, params: { fast: 10 }, cash: '5000', compare: null, from: null, until: null, seed: 3, search: { grid: { fast: { from: '5', to: '20', step: null } }, objective: 'calmar' } } as const;
    expect(formOf({ request: told })).toMatchObject({ cash: '5000', compare: '', from: '', until: '', seed: '3', search: 'grid', objective: 'calmar', axes: { fast: { on: true, from: '5', to: '20', step: '1' } } });
  });

  it('names what is wrong by its field', () => {
    expect(faults({ ...EMPTY, cash: '0', fee: 'x' }, [])).toEqual({ cash: 'More than zero.', fee: 'Write a number such as 0.001.' });
    expect(faults({ ...EMPTY, from: '2010-01-01', until: '2009-01-01' }, [])).toHaveProperty('until');
    expect(faults({ ...EMPTY, params: { fast: '99' } }, PARAMS)).toEqual({ 'params.fast': 'At most 50.' });
    expect(faults({ ...EMPTY, kind: 'sweep' }, PARAMS)).toHaveProperty('search');
    expect(faults({ ...EMPTY, kind: 'sweep', axes: { fast: { on: true, from: '20', to: '10', step: '1' } } }, PARAMS)).toHaveProperty(['axes.fast']);
    expect(faults({ ...EMPTY, kind: 'sweep', axes: { fast: { on: true, from: '1', to: '99', step: 'x' } } }, PARAMS)).toEqual({
      'axes.fast.from': 'At least 5.', 'axes.fast.to': 'At most 50.', 'axes.fast.step': 'Write a number.',
    });
    expect(faults({ ...EMPTY, kind: 'lookahead', cuts: '101' }, [])).toHaveProperty('cuts');
    expect(faults({ ...EMPTY, kind: 'walk_forward', search: 'random', train: '1.5' }, PARAMS)).toHaveProperty('train');
  });

  it('begins with axes that lie in their range', () => {
    for (const param of PARAMS) {
      const axis = axisOf(param);
      expect(Number(axis.from)).toBeGreaterThanOrEqual(param.min);
      expect(Number(axis.to)).toBeLessThanOrEqual(param.max);
      expect(valuesOf(axis)).toBeGreaterThan(1);
      expect(valuesOf(axis)).toBeLessThan(12);
    }
  });

  it('counts values without an error of rounding', () => {
    expect(valuesOf({ on: true, from: '0.1', to: '0.3', step: '0.1' })).toBe(3);
    expect(valuesOf({ on: true, from: '1', to: '2', step: '0' })).toBeNull();
  });
});

describe('what the desk refuses', () => {
  const errors = [{ field: 'fee', value: '2', rule: '0 to 0.1' }, { field: 'search.grid.fast', rule: 'too many values' }, { field: 'walk.train', rule: 'too long' }, { field: 'kind', rule: 'unknown' }];
  const sent = { ...EMPTY, kind: 'sweep' as const, fee: '2', axes: { fast: { on: true, from: '5', to: '9', step: '1' } } };

  it('stands at the field that it names, until that is changed', () => {
    expect(faultsOf({ sent, errors }, sent)).toEqual({ fee: 'Must be 0 to 0.1.', 'axes.fast': 'Too many values.' });
    expect(faultsOf({ sent, errors }, { ...sent, fee: '0.01' })).toEqual({ 'axes.fast': 'Too many values.' });
    expect(faultsOf({ sent, errors }, { ...sent, axes: { fast: { on: true, from: '5', to: '9', step: '2' } } })).toEqual({ fee: 'Must be 0 to 0.1.' });
    expect(faultsOf({ sent, errors }, { ...sent, kind: 'backtest' })).toEqual({ fee: 'Must be 0 to 0.1.' });
    expect(faultsOf(null, sent)).toEqual({});
  });

  it('is told as a whole where the form has no such field', () => {
    expect(homeless({ sent, errors }).map((one) => one.field)).toEqual(['walk.train', 'kind']);
    expect(homeless(null)).toEqual([]);
  });

  it('is named as the form names it', () => {
    expect(['cash', 'params.fast', 'search.grid', 'search.grid.fast.step', 'search.random', 'lookahead.cuts', 'strategy_id'].map(fieldOf)).toEqual(
      ['cash', 'params.fast', 'search', 'axes.fast.step', 'random', 'cuts', null]);
    expect(sentence('not before the first day')).toBe('Not before the first day.');
  });
});
