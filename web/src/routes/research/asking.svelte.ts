// What is asked for in the research form: of which strategy, over which stored bars, with what.
// It must not know how it is shown.
import { api, ok } from '../../lib/api/client';
import { Action } from '../../lib/api/action.svelte';
import { problemOf } from '../../lib/api/problem';
import { research, type RunView } from '../../lib/api/research';
import { strategies, type Example, type Param, type StrategyView } from '../../lib/api/strategies';
import type { BarSeries, PresetView, Problem } from '../../lib/api/types';
import { date } from '../../lib/format/time';
import { ticker } from '../../lib/format/words';
import { plainNumber } from '../../lib/research/figures';
import { faultsOf, homeless, type Refused } from '../../lib/research/refused';
import { axisOf, EMPTY, faults, formOf, number, requestOf, searches, setsOf, type Form } from '../../lib/research/request';
import { desk } from '../../lib/stores/desk.svelte';
import { Resource } from '../../lib/stores/resource.svelte';
import { KINDS } from './words';

export interface Subject {
  name: string;
  description: string;
  symbols: string[];
  timeframe: string;
  params: Param[];
  hash: string;
  ref: { strategy_id: string } | { source: string };
}

/** Days in UTC. */
interface Stored {
  from: string;
  until: string;
}

/** A period that begins behind the last bar or ends before the first. */
function outside(form: Form, stored: Stored | null): Record<string, string> {
  if (stored === null) return {};
  return {
    ...(form.from > stored.until ? { from: `The bars end on ${stored.until}.` } : {}),
    ...(form.until !== '' && form.until < stored.from ? { until: `The bars begin on ${stored.from}.` } : {}),
  };
}

interface Choices {
  saved: StrategyView[];
  examples: Example[];
  series: BarSeries[];
  presets: PresetView[];
}

/** A set of parameters in an address, `fast:10,slow:30`; what is not one is left out. */
export function setOf(text: string | null): Record<string, string> {
  const parts = (text ?? '').split(',').map((one) => one.split(':'));
  return Object.fromEntries(parts.flatMap(([name, value]) => (name && value && number(value) !== null ? [[name, value]] : [])));
}

export class Asking {
  form = $state<Form>({ ...EMPTY });
  chosen = $state('');
  subject = $state.raw<Subject | null>(null);
  /** Why the strategy could not be read. */
  problem = $state.raw<Problem | null>(null);
  earlier = $state.raw<RunView | null>(null);
  readonly choices = new Resource<Choices>(() => this.#read());
  readonly starting = new Action<RunView>();
  #round = 0;

  /** The latest request that the desk did not take. */
  #refused = $state.raw<Refused | null>(null);

  readonly sets = $derived(searches(this.form.kind) ? setsOf(this.form) : 1);
  /** Stored bars of each symbol; null where there are none of the timeframe. */
  readonly bars: { symbol: string; series: BarSeries | null; other: string[] }[] = $derived.by(() => {
    const { subject } = this;
    const all = this.choices.data?.series ?? [];
    return (subject?.symbols ?? []).map((symbol) => {
      const mine = all.filter((one) => ticker(one.symbol) === ticker(symbol));
      return { symbol, series: mine.find((one) => one.timeframe === subject?.timeframe) ?? null, other: mine.map((one) => one.timeframe) };
    });
  });
  /** The days between which every symbol has bars; a replay tells none behind its clock. */
  readonly stored: Stored | null = $derived.by(() => {
    const found = this.bars.flatMap((one) => one.series ?? []);
    if (found.length === 0 || found.length < this.bars.length) return null;
    const lasts = found.map((one) => date(one.last, 'utc'));
    if (desk.info?.mode === 'replay') lasts.push(date(desk.info.clock.at, 'utc'));
    return { from: found.map((one) => date(one.first, 'utc')).reduce((a, b) => (a > b ? a : b)), until: lasts.reduce((a, b) => (a < b ? a : b)) };
  });
  readonly missing = $derived(this.choices.data !== null && this.bars.some((one) => one.series === null));
  /** What is wrong, by the name of the field: what the page sees, and what the desk refused and was not changed since. */
  readonly faults: Record<string, string> = $derived({ ...faultsOf(this.#refused, this.form), ...outside(this.form, this.stored), ...faults(this.form, this.subject?.params ?? []) });
  /** Why the run was not started, where no field can say it. */
  readonly refusal: Problem | null = $derived.by(() => {
    const { problem } = this.starting;
    const errors = problem?.errors ?? [];
    return problem === null || (errors.length > 0 && homeless(this.#refused).length === 0) ? null : problem;
  });
  readonly ready = $derived(this.subject !== null && Object.keys(this.faults).length === 0 && !this.missing);

  /** Begins with what the address asks for: a strategy, an example, or an earlier run. */
  async open(query: URLSearchParams): Promise<void> {
    const again = query.get('again');
    await this.choices.load();
    if (again !== null) {
      try {
        this.earlier = await research.read(again);
        this.form = formOf(this.earlier);
      } catch (error) {
        this.problem = problemOf(error);
        return;
      }
    }
    const kind = KINDS.find((one) => one.id === query.get('kind'));
    if (kind) this.form.kind = kind.id;
    this.form.params = { ...this.form.params, ...setOf(query.get('set')) };
    await this.choose(this.#first(query));
  }

  /** What is chosen at first. The text of a run that was not saved is not kept: then the strategy of the same name is, where there is one. */
  #first(query: URLSearchParams): string {
    const { saved = [], examples = [] } = this.choices.data ?? {};
    const wanted = query.get('strategy') ?? this.earlier?.request.strategy_id ?? null;
    if (wanted !== null) return `saved ${wanted}`;
    const name = this.earlier?.strategy.name;
    const alike = examples.find((one) => one.file === query.get('example') || one.name === name) ?? null;
    const mine = saved.find((one) => name === undefined || one.name === name) ?? null;
    if (alike && (name !== undefined || query.has('example'))) return `example ${alike.file}`;
    if (mine) return `saved ${mine.id}`;
    return name === undefined && examples[0] ? `example ${examples[0].file}` : '';
  }

  /** Takes another strategy; what was written for parameters of the same name stays. */
  async choose(value: string): Promise<void> {
    const round = ++this.#round;
    this.chosen = value;
    this.problem = null;
    this.#refused = null;
    this.starting.clear();
    try {
      const subject = await this.#subject(value);
      if (round !== this.#round) return;
      this.subject = subject;
      const params = subject?.params ?? [];
      this.form.params = Object.fromEntries(params.map((one) => [one.name, this.form.params[one.name] ?? plainNumber(one.default)]));
      this.form.axes = Object.fromEntries(params.map((one, n) => [one.name, this.form.axes[one.name] ?? { ...axisOf(one), on: this.#axis(one, n) }]));
    } catch (error) {
      if (round !== this.#round) return;
      this.subject = null;
      this.problem = problemOf(error);
    }
  }

  /** Two parameters make a map. Of an earlier search only those are searched that it searched. */
  #axis(param: Param, n: number): boolean {
    const grid = this.earlier?.request.search?.grid;
    return grid === undefined ? n < 2 : param.name in grid;
  }

  async start(): Promise<RunView | null> {
    const { subject, form } = this;
    if (!subject) return null;
    const sent = $state.snapshot(form);
    this.#refused = null;
    const run = await this.starting.run((headers) => research.start(requestOf(sent, subject.ref, subject.params), headers));
    this.#refused = { sent, errors: this.starting.problem?.errors ?? [] };
    return run;
  }

  async #subject(value: string): Promise<Subject | null> {
    const [kind, id = ''] = [value.slice(0, value.indexOf(' ')), value.slice(value.indexOf(' ') + 1)];
    if (kind === 'saved') {
      const found = await strategies.read(id);
      return { ...found, ref: { strategy_id: found.id } };
    }
    const source = this.choices.data?.examples.find((one) => one.file === id)?.source;
    if (source === undefined) return null;
    const { strategy } = await strategies.check(source);
    return strategy && { ...strategy, ref: { source } };
  }

  async #read(): Promise<Choices> {
    const [saved, examples, bars, presets] = await Promise.all([strategies.list(), strategies.examples(), ok(api.GET('/api/bars')), ok(api.GET('/api/presets'))]);
    return { saved, examples, series: bars.series, presets: presets.presets };
  }
}
