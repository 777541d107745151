// Strategies as the desk keeps them, their checks, and their runs on accounts: types and requests.
import { ask } from './ask';
import type { Problem } from './types';

export interface StrategyView {
  id: string;
  name: string;
  description: string;
  symbols: string[];
  timeframe: string;
  revision: number;
  hash: string;
  changed_at: string;
  changed_by: string;
  /** Whose it is, by name. */
  owner: string;
}

export interface Param {
  name: string;
  default: number;
  min: number | null;
  max: number | null;
  step: number | null;
}

export interface Rule {
  key: string;
  formula: string;
}

export interface StrategyDetail extends StrategyView {
  source: string;
  params: Param[];
  rules: Rule[];
  /** Not empty when a newer program refuses what an older one took; then there are no parameters and rules. */
  faults: Fault[];
}

export interface Example {
  file: string;
  name: string;
  description: string;
  source: string;
}

/** Line and column count from one, in characters; so does the length. */
export interface Fault {
  code: string;
  /** The rule, such as `exit.stop`; empty for the whole file. */
  key?: string;
  line: number;
  column: number;
  length: number;
  message: string;
  help: string | null;
}

export interface Checked {
  name: string;
  description: string;
  symbols: string[];
  timeframe: string;
  params: Param[];
  rules: Rule[];
  hash: string;
  warm_up_bars: number;
}

export interface CheckAnswer {
  faults: Fault[];
  strategy: Checked | null;
}

export interface FormulaFunction {
  name: string;
  group: string;
  signature: string;
  summary: string;
  formula: string;
  source: string;
  example: string;
  /** Bars before the example's first value. */
  warm_up_bars: number;
  /** Empty for a function with one value. */
  outputs: { name: string; summary: string }[];
  arguments: Argument[];
}

export interface Argument {
  name: string;
  kind: 'number' | 'condition' | 'any' | 'length' | 'constant';
  /** Null where it must be given. */
  default: number | string | null;
  min: number | null;
  max: number | null;
}

export interface FormulaName {
  name: string;
  summary: string;
}

export interface Functions {
  functions: FormulaFunction[];
  names: FormulaName[];
}

export type StrategyRunState = 'running' | 'paused' | 'stopping' | 'stopped';

export interface StrategyRun {
  id: string;
  /** The hash is that of the text that runs; changes of the stored strategy change no run. */
  strategy: { id: string | null; name: string; hash: string };
  account: string;
  book: string;
  params: Record<string, number>;
  /** Null and empty once it was stopped. */
  timeframe: string | null;
  symbols: string[];
  state: StrategyRunState;
  /** Why it was paused or stopped. */
  reason: string | null;
  /** What keeps it from doing what its state says. */
  trouble: string | null;
  started_at: string;
  started_by: string;
  last_bar_at: string | null;
  bars_seen: number;
  wishes: number;
  refused: number;
  /** Wishes that would have opened something and were not asked for, because the kill switch stood. */
  withheld: number;
  /** The level of the kill switch over its account; null when none stands. */
  kill_switch: string | null;
  skipped: { contradictions: number; distances: number; positions: number };
  positions: { symbol: string; qty: string; entry_price: string | null; stop: string | null }[];
  /** Of what is closed, before fees, in the quote currency of each symbol; null once it was stopped. */
  realized: string | null;
}

/** What is kept of a run and can't be read; it does nothing. */
export interface DamagedRun {
  /** Null when that can't be read either. */
  id: string | null;
  code: string;
  message: string;
  remedy: string;
}

export interface StrategyRuns {
  items: StrategyRun[];
  damaged: DamagedRun[];
}

export interface NewStrategyRun {
  strategy_id: string;
  account: string;
  book: string;
  params?: Record<string, number>;
}

interface List<T> {
  items: T[];
  next: string | null;
}

type Headers = { 'Idempotency-Key': string };
const at = (id: string) => `/api/strategies/${encodeURIComponent(id)}`;
const runAt = (id: string, verb: string) => `/api/strategy-runs/${encodeURIComponent(id)}/${verb}`;

export const strategies = {
  /** Those that you reach, the latest change first. */
  list: async () => (await ask<List<StrategyView>>('GET', '/api/strategies')).items,
  read: (id: string) => ask<StrategyDetail>('GET', at(id)),
  add: (source: string, headers: Headers) => ask<StrategyDetail>('POST', '/api/strategies', { body: { source }, headers }),
  change: (id: string, source: string, revision: number, headers: Headers) => ask<StrategyDetail>('PUT', at(id), { body: { source, revision }, headers }),
  remove: (id: string, headers: Headers) => ask<null>('DELETE', at(id), { headers }),
  examples: async () => (await ask<{ items: Example[] }>('GET', '/api/strategies/examples')).items,
  check: (source: string) => ask<CheckAnswer>('POST', '/api/strategies/check', { body: { source } }),
  functions: async (): Promise<Functions> => {
    const { items, names } = await ask<{ items: FormulaFunction[]; names: FormulaName[] }>('GET', '/api/formulas/functions');
    return { functions: items, names };
  },
};

export const strategyRuns = {
  list: () => ask<StrategyRuns>('GET', '/api/strategy-runs'),
  start: (run: NewStrategyRun, headers: Headers) => ask<StrategyRun>('POST', '/api/strategy-runs', { body: run, headers }),
  pause: (id: string, headers: Headers) => ask<StrategyRun>('POST', runAt(id, 'pause'), { body: {}, headers }),
  resume: (id: string, headers: Headers) => ask<StrategyRun>('POST', runAt(id, 'resume'), { body: {}, headers }),
  stop: (id: string, positions: 'keep' | 'close', headers: Headers) => ask<StrategyRun>('POST', runAt(id, 'stop'), { body: { positions }, headers }),
};

/** The faults that a refused source came back with. */
export function faultsOf(problem: Problem | null): Fault[] {
  const found = (problem as { faults?: unknown } | null)?.faults;
  return Array.isArray(found) ? (found as Fault[]) : [];
}
