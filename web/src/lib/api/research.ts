// Backtests, sweeps, walk-forward and look-ahead runs: types and requests. Results have the shape
// that the commands print.
import { ask } from './ask';

export type Kind = 'backtest' | 'sweep' | 'walk_forward' | 'lookahead';
export type RunStatus = 'queued' | 'running' | 'done' | 'failed' | 'cancelled';
export type Params = Record<string, number>;

/** Numbers as they are sent; text where the desk tells what was asked. */
export interface Axis {
  from: number | string;
  to: number | string;
  step?: number | string | null;
}

export interface Search {
  grid?: Record<string, Axis>;
  random?: number;
  objective?: string;
}

export interface RunRequest {
  kind: Kind;
  strategy_id?: string | null;
  /** Sent for a strategy that is not saved; never told again. */
  source?: string;
  params?: Params;
  cash?: string;
  fee?: string;
  slippage_bps?: string;
  spread_bps?: string;
  borrow_rate?: string;
  limits?: string;
  /** A preset, or `none`; absent for the one that fits what is traded. */
  compare?: string | null;
  /** Of everything that is drawn. */
  seed?: number;
  /** Days in UTC, both included. */
  from?: string | null;
  until?: string | null;
  search?: Search;
  walk?: { train: number; test: number; anchored?: boolean };
  lookahead?: { cuts: number };
}

/** A figure: a number, money as text, or null where it is not defined. */
export type Value = number | string | null;
export type KeyFigures = Record<string, Value>;

export interface RunView {
  id: string;
  kind: Kind;
  strategy: { id: string | null; name: string; hash: string };
  symbols: string[];
  timeframe: string;
  params: Params;
  status: RunStatus;
  /** Null while another desk works at it. */
  progress: { done: number; total: number; unit: string } | null;
  /** The desk that works at it; several may share a database. */
  desk?: string;
  request: RunRequest;
  by: string;
  /** Whose it is, by name. */
  owner: string;
  created_at: string;
  started_at: string | null;
  ended_at: string | null;
  error: { code: string; message: string } | null;
  figures: KeyFigures | null;
  result_hash: string | null;
}

/** Why a figure has no value, or why it deserves doubt. */
export interface Remark {
  figure: string;
  code: string;
  undefined: boolean;
  text: string;
}

export interface Drawdown {
  peak_at: string;
  bottom_at: string;
  recovered_at: string | null;
  depth_cash: string;
  depth_percent: number;
  duration_seconds: number;
  recovery_seconds: number | null;
}

export interface Group {
  key: string;
  trade_count: number;
  win_count: number;
  loss_count: number;
  win_rate_percent: number | null;
  closed_profit: string;
  profit_factor: number | null;
  expectancy: string | null;
  expectancy_r: number | null;
  average_holding_seconds: number | null;
  total_fees: string;
  remarks: Remark[];
}

export interface Percentiles<T> {
  p5: T;
  p25: T;
  p50: T;
  p75: T;
  p95: T;
  p99: T;
  max: T;
}

export interface Interval {
  low: number | null;
  median: number | null;
  high: number | null;
}

export interface Statistics {
  [figure: string]: unknown;
  remarks: Remark[];
  top_drawdowns: Drawdown[];
  monthly_returns: { year: number; months_percent: (number | null)[]; year_percent: number | null }[];
  monte_carlo: { seed: number; runs: number; observed_drawdown_percent: number; drawdown_percent: Percentiles<number>; drawdown_cash: Percentiles<string> } | null;
  bootstrap: { seed: number; runs: number; mean_block_days: number; confidence_percent: number; sharpe: Interval | null; cagr_percent: Interval | null; max_drawdown_percent: Interval | null } | null;
}

export interface Trade {
  id: number;
  symbol: string;
  side: string;
  opened_at: string;
  closed_at: string;
  qty: string;
  entry_price: string;
  exit_price: string;
  gross_profit: string;
  net_profit: string;
  fees: string;
  slippage_cost: string;
  funding: string;
  mae: string;
  mfe: string;
  risk: string | null;
  tag: string;
  exit_reason: string;
  bars_held: number;
}

export interface CurvePoint {
  at: string;
  equity: string | number;
  drawdown_percent: number;
  exposure_percent: number | null;
  benchmark: string | number | null;
}

export interface Reproducibility {
  program: string;
  strategy: string;
  data: string;
  config: string;
  seed: number;
  result: string;
}

export interface Judged {
  entries: number;
  refused: number;
  codes: Record<string, number>;
}

export interface BacktestResult {
  strategy: string;
  symbols: string[];
  timeframe: string;
  params: Params;
  from: string;
  until: string;
  bars: number;
  warm_up_bars: number;
  statistics: Statistics;
  trades: Trade[];
  open: Record<string, unknown>[];
  refused: { orders: number; codes: Record<string, number> };
  would_be_refused: [string, Judged] | null;
  skipped: { contradictions: number; distances: number; positions: number };
  alarms: Record<string, number>;
  assumptions: string[];
  reproducibility: Reproducibility;
  curve?: CurvePoint[];
}

export interface SweepPoint {
  params: Params;
  objective: number | null;
  figures: Record<string, number | null>;
  result?: string | null;
}

export interface PlateauPoint {
  params: Params;
  objective: number | null;
  neighbourhood_mean: number | null;
  stability: { neighbours: number; undefined_neighbours: number; plateau_ratio: number | null; worst_neighbour_ratio: number | null; positive_neighbours_percent: number | null } | null;
}

export interface SweepResult {
  strategy: string;
  objective: string;
  better: 'higher' | 'lower';
  sets: number;
  trials: number;
  undefined: number;
  /** Sets that can't be tried, by the reason. */
  refused: { code: string; reason: string; sets: number }[];
  top: SweepPoint[];
  /** Every set that was tried, where the desk tells them. */
  points?: SweepPoint[];
  plateau: { peak: PlateauPoint | null; centre: PlateauPoint | null } | null;
  best: { params: Params; statistics: Statistics; reproducibility: Reproducibility } | null;
}

export interface Fold {
  train_from: string;
  test_from: string;
  test_until: string;
  params: Params;
  in_sample_objective: number | null;
  out_of_sample_objective: number | null;
  in_sample_percent: number;
  in_sample_days: number;
  out_of_sample_percent: number;
  out_of_sample_days: number;
  trades: number;
  result: string;
}

export interface WalkResult {
  strategy: string;
  objective: { name: string; better: 'higher' | 'lower' };
  plan: { train: number; test: number; anchored: boolean };
  warm_up_bars: number;
  sets: number;
  folds: Fold[];
  walk_forward: Record<string, number | null>;
  parameter_spread: Record<string, number | null>;
  statistics: Statistics;
}

export interface LookaheadResult {
  strategy: string;
  signals: number;
  cuts: number;
  /** The first difference of each cut that has one: which rule, at which close, when history ends where. */
  differences: { cut_at: string; at: string; what: string }[];
  warm_up: {
    warm_up_bars: number;
    closes: number;
    rules: { rule: string; multiple: number; largest_relative_difference: number; undefined: number }[];
  } | null;
}

export type Result = BacktestResult | SweepResult | WalkResult | LookaheadResult;

type Headers = { 'Idempotency-Key': string };
const at = (id: string, part = '') => `/api/backtests/${encodeURIComponent(id)}${part}`;

export const research = {
  list: (limit: number, after: string | null = null) => ask<{ items: RunView[]; next: string | null }>('GET', '/api/backtests', { query: { limit, after } }),
  start: (request: RunRequest, headers: Headers) => ask<RunView>('POST', '/api/backtests', { body: request, headers }),
  read: (id: string) => ask<RunView>('GET', at(id)),
  result: <T extends Result>(id: string) => ask<T>('GET', at(id, '/result')),
  cancel: (id: string, headers: Headers) => ask<RunView>('POST', at(id, '/cancel'), { headers }),
  remove: (id: string, headers: Headers) => ask<null>('DELETE', at(id), { headers }),
  resultHref: (id: string) => at(id, '/result'),
  reportHref: (id: string) => at(id, '/report.html'),
};

export const active = (run: Pick<RunView, 'status'>): boolean => run.status === 'queued' || run.status === 'running';
