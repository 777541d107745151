// The research form: what is written in it, what is wrong with that, and the request that it becomes.
// What is left empty is left to the desk's defaults, which are those of the command line.
import type { Axis, Kind, RunRequest, RunView } from '../api/research';
import type { Param } from '../api/strategies';
import { parse, sign } from '../format/decimal';

export interface AxisForm {
  on: boolean;
  from: string;
  to: string;
  step: string;
}

export interface Form {
  kind: Kind;
  params: Record<string, string>;
  cash: string;
  fee: string;
  slippage_bps: string;
  spread_bps: string;
  borrow_rate: string;
  limits: string;
  compare: string;
  from: string;
  until: string;
  search: 'grid' | 'random';
  axes: Record<string, AxisForm>;
  random: string;
  seed: string;
  objective: string;
  train: string;
  test: string;
  anchored: boolean;
  cuts: string;
}

export const EMPTY: Form = {
  kind: 'backtest', params: {}, cash: '10000', fee: '0.001', slippage_bps: '2', spread_bps: '0', borrow_rate: '0', limits: 'research', compare: '',
  from: '', until: '', search: 'grid', axes: {}, random: '200', seed: '1', objective: 'sharpe', train: '500', test: '100', anchored: false, cuts: '100',
};

export const searches = (kind: Kind): boolean => kind === 'sweep' || kind === 'walk_forward';

/** What is searched where nothing was said: a third of the range on each side of the default, in steps of the parameter. */
export function axisOf(param: Param): AxisForm {
  const step = param.step ?? 1;
  const [low, high] = [param.min ?? param.default, param.max ?? param.default];
  const reach = Math.max(step, (high - low) / 3);
  const snap = (value: number) => tidy(low + Math.round((value - low) / step) * step);
  const from = Math.max(low, snap(param.default - reach / 2));
  const to = Math.min(high, snap(param.default + reach / 2));
  const wide = Math.max(step, tidy(Math.ceil((to - from) / 8 / step) * step));
  return { on: true, from: String(tidy(from)), to: String(tidy(to)), step: String(wide) };
}

const tidy = (value: number): number => Number(value.toPrecision(12));

/** How many values an axis has; null while it is not written out. */
export function valuesOf(axis: AxisForm): number | null {
  const [from, to, step] = [number(axis.from), number(axis.to), number(axis.step)];
  if (from === null || to === null || step === null || step <= 0 || to < from) return null;
  return Math.floor((to - from) / step + 1e-9) + 1;
}

/** How many sets a search tries; null while it is not written out. */
export function setsOf(form: Form): number | null {
  if (form.search === 'random') return whole(form.random, 1);
  const counts = Object.values(form.axes).filter((one) => one.on).map(valuesOf);
  if (counts.length === 0 || counts.some((count) => count === null)) return null;
  return counts.reduce<number>((total, count) => total * (count ?? 1), 1);
}

export function number(text: string): number | null {
  return parse(text) === null ? null : Number(text.trim());
}

function whole(text: string, least: number): number | null {
  const found = number(text);
  return found !== null && Number.isInteger(found) && found >= least ? found : null;
}

/** The most axes that a grid may have. */
export const AXES_MAX = 6;

/** What is wrong, by the name of the field. Empty when it can be sent. */
export function faults(form: Form, params: readonly Param[]): Record<string, string> {
  const found: Record<string, string> = {};
  for (const name of ['cash', 'fee', 'slippage_bps', 'spread_bps', 'borrow_rate'] as const) {
    if (form[name] !== '' && parse(form[name]) === null) found[name] = 'Write a number such as 0.001.';
    else if (sign(form[name]) < 0) found[name] = 'Zero or more.';
  }
  if (form.cash !== '' && parse(form.cash) !== null && sign(form.cash) <= 0) found['cash'] = 'More than zero.';
  if (whole(form.seed, 0) === null) found['seed'] = 'A whole number, 0 or more.';
  if (form.from !== '' && form.until !== '' && form.from > form.until) found['until'] = 'Not before the first day.';
  for (const param of params) {
    const axis = searches(form.kind) && form.search === 'grid' && form.axes[param.name]?.on;
    const text = form.params[param.name] ?? '';
    if (!axis && text !== '') {
      const fault = within(text, param);
      if (fault) found[`params.${param.name}`] = fault;
    }
  }
  if (searches(form.kind)) Object.assign(found, searchFaults(form, params));
  if (form.kind === 'walk_forward') {
    if (whole(form.train, 1) === null) found['train'] = 'A whole number of bars, 1 or more.';
    if (whole(form.test, 1) === null) found['test'] = 'A whole number of bars, 1 or more.';
  }
  if (form.kind === 'lookahead' && (whole(form.cuts, 1) === null || Number(form.cuts) > 100)) found['cuts'] = 'A whole number from 1 to 100.';
  return found;
}

function within(text: string, param: Param): string | null {
  const value = number(text);
  if (value === null) return 'Write a number.';
  if (param.min !== null && value < param.min) return `At least ${param.min}.`;
  return param.max !== null && value > param.max ? `At most ${param.max}.` : null;
}

function searchFaults(form: Form, params: readonly Param[]): Record<string, string> {
  const found: Record<string, string> = {};
  if (form.search === 'random') {
    if (whole(form.random, 1) === null) found['random'] = 'A whole number, 1 or more.';
    return found;
  }
  const on = params.filter((one) => form.axes[one.name]?.on);
  if (on.length === 0) found['search'] = params.length === 0 ? 'This strategy has no parameters to search.' : 'Choose at least one parameter to search.';
  if (on.length > AXES_MAX) found['search'] = `At most ${AXES_MAX} parameters at once.`;
  for (const param of on) {
    const axis = form.axes[param.name];
    if (!axis) continue;
    const ends = (['from', 'to'] as const).flatMap((end) => {
      const fault = within(axis[end], param);
      return fault === null ? [] : [[`axes.${param.name}.${end}`, fault] as const];
    });
    Object.assign(found, Object.fromEntries(ends));
    if (number(axis.step) === null) found[`axes.${param.name}.step`] = 'Write a number.';
    else if (ends.length === 0 && valuesOf(axis) === null) found[`axes.${param.name}`] = 'From the lower to the higher value, in steps above zero.';
  }
  return found;
}

/** The request. Only what differs from a strategy's own parameters is named. */
export function requestOf(form: Form, strategy: { strategy_id: string } | { source: string }, params: readonly Param[]): RunRequest {
  const grid = searches(form.kind) && form.search === 'grid';
  const own = params.flatMap((param) => {
    const value = number(form.params[param.name] ?? '');
    const searched = grid && form.axes[param.name]?.on;
    return value === null || searched || value === param.default || (searches(form.kind) && form.search === 'random') ? [] : [[param.name, value] as const];
  });
  const text = (name: 'cash' | 'fee' | 'slippage_bps' | 'spread_bps' | 'borrow_rate') => (form[name].trim() === '' ? {} : { [name]: form[name].trim() });
  return {
    kind: form.kind, ...strategy, ...(own.length === 0 ? {} : { params: Object.fromEntries(own) }),
    ...text('cash'), ...text('fee'), ...text('slippage_bps'), ...text('spread_bps'), ...text('borrow_rate'),
    limits: form.limits, ...(form.compare === '' ? {} : { compare: form.compare }), seed: Number(form.seed),
    ...(form.from === '' ? {} : { from: form.from }), ...(form.until === '' ? {} : { until: form.until }),
    ...(searches(form.kind) ? { search: searchOf(form, params) } : {}),
    ...(form.kind === 'walk_forward' ? { walk: { train: Number(form.train), test: Number(form.test), anchored: form.anchored } } : {}),
    ...(form.kind === 'lookahead' ? { lookahead: { cuts: Number(form.cuts) } } : {}),
  };
}

function searchOf(form: Form, params: readonly Param[]) {
  const { objective } = form;
  if (form.search === 'random') return { random: Number(form.random), objective };
  const axes = params.flatMap((param): [string, Axis][] => {
    const axis = form.axes[param.name];
    return axis?.on ? [[param.name, { from: Number(axis.from), to: Number(axis.to), step: Number(axis.step) }]] : [];
  });
  return { grid: Object.fromEntries(axes), objective };
}

/** The form as it was for a run, to ask for something like it again. */
export function formOf(run: Pick<RunView, 'request'>): Form {
  const { request } = run;
  const axes = Object.entries(request.search?.grid ?? {}).map(([name, axis]) => [name, { on: true, from: String(axis.from), to: String(axis.to), step: String(axis.step ?? 1) }]);
  return {
    ...EMPTY,
    kind: request.kind,
    params: Object.fromEntries(Object.entries(request.params ?? {}).map(([name, value]) => [name, String(value)])),
    cash: request.cash ?? EMPTY.cash, fee: request.fee ?? EMPTY.fee, slippage_bps: request.slippage_bps ?? '0', spread_bps: request.spread_bps ?? EMPTY.spread_bps,
    borrow_rate: request.borrow_rate ?? EMPTY.borrow_rate, limits: request.limits ?? EMPTY.limits,
    compare: request.compare ?? '', from: (request.from ?? '').slice(0, 10), until: (request.until ?? '').slice(0, 10),
    search: request.search?.random === undefined ? 'grid' : 'random', axes: Object.fromEntries(axes),
    random: String(request.search?.random ?? EMPTY.random), seed: String(request.seed ?? EMPTY.seed), objective: request.search?.objective ?? EMPTY.objective,
    train: String(request.walk?.train ?? EMPTY.train), test: String(request.walk?.test ?? EMPTY.test), anchored: request.walk?.anchored ?? false,
    cuts: String(request.lookahead?.cuts ?? EMPTY.cuts),
  };
}
