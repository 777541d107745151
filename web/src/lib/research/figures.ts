// Figures of a result as people read them: their name, their value with its unit, why one has none,
// and whether more or less of it is better. A figure that is undefined is never a zero.
import type { Remark, Statistics, Value } from '../api/research';
import { amount, money, NONE, percent } from '../format/number';
import { date, span, type Zone } from '../format/time';
import { plain } from '../format/words';
import { CATALOG, type Unit } from './figureCatalog';

/** Backtests count in US dollars. */
export const CURRENCY = 'USD';

/** Of these more is better, as the desk's searches see it. */
const HIGHER = [
  'sharpe', 'sortino', 'calmar', 'cagr_percent', 'total_return_percent', 'net_profit', 'final_equity', 'excess_return_percent', 'alpha_percent',
  'profit_factor', 'expectancy', 'expectancy_r', 'payoff_ratio', 'win_rate_percent', 'sqn', 'sqn_capped', 'probabilistic_sharpe',
  'average_day_percent', 'worst_day_percent', 'worst_trade', 'closed_profit',
];
const LOWER = [
  'max_drawdown_percent', 'max_drawdown_cash', 'average_drawdown_percent', 'longest_drawdown_seconds', 'average_drawdown_seconds',
  'longest_recovery_seconds', 'volatility_percent', 'total_fees', 'total_slippage_cost', 'turnover', 'longest_losing_streak', 'minimum_track_record',
];
/** What a search can look for. */
export const OBJECTIVES: readonly string[] = [...HIGHER, ...LOWER];

export function better(name: string): 'higher' | 'lower' | null {
  return HIGHER.includes(name) ? 'higher' : LOWER.includes(name) ? 'lower' : null;
}

/** Whether one value beats another; false where nobody can tell. */
export function beats(name: string, a: number | null, b: number | null): boolean {
  const way = better(name);
  if (way === null || a === null) return false;
  return b === null || (way === 'higher' ? a > b : a < b);
}

const NAMES: Record<string, string> = {
  total_return_percent: 'Return', cagr_percent: 'Growth a year', sharpe: 'Sharpe ratio', sortino: 'Sortino ratio', calmar: 'Calmar ratio',
  max_drawdown_percent: 'Deepest drawdown', max_drawdown_cash: 'Largest drawdown', profit_factor: 'Profit factor', win_rate_percent: 'Trades won',
  trade_count: 'Closed trades', expectancy: 'Earned a trade', expectancy_r: 'Earned a trade, in R', buy_and_hold_percent: 'Buy and hold',
  buy_and_hold_profit: 'Buy and hold, profit', time_in_market_percent: 'Time in the market', total_fees: 'Fees', total_slippage_cost: 'Slippage',
  total_funding: 'Funding and borrowing', final_equity: 'Final equity', starting_equity: 'Starting equity', net_profit: 'Net profit',
  excess_return_percent: 'Return above buy and hold', volatility_percent: 'Volatility a year', sqn: 'System quality number',
  sqn_capped: 'System quality number, capped', average_mae: 'Average worst point (MAE)', average_mfe: 'Average best point (MFE)',
  worst_mae: 'Worst point of a trade (MAE)', best_mfe: 'Best point of a trade (MFE)', kelly_percent: 'Kelly share', started_at: 'From', ended_at: 'Until',
  probabilistic_sharpe: 'Chance of Sharpe > 0', deflated_sharpe: 'Chance it is not luck', lucky_sharpe: 'Sharpe ratio of luck',
  minimum_track_record: 'Days of record needed', sharpe_to_beat: 'Sharpe ratio to beat', longest_drawdown_seconds: 'Longest drawdown',
  current_drawdown_percent: 'Drawdown at the end', monte_carlo: 'Trades in another order', bootstrap: 'Returns drawn anew',
};

const ENTRIES = new Map(CATALOG.flatMap((group) => group.figures.map((one) => [one[0], one] as const)));

export function figureName(name: string): string {
  return NAMES[name] ?? plain(name.replace(/_(percent|seconds|cash)$/, ''));
}

export function unitOf(name: string): Unit {
  return ENTRIES.get(name)?.[1] ?? 'ratio';
}

export function meaningOf(name: string): { meaning: string; formula: string } | null {
  const found = ENTRIES.get(name);
  return found ? { meaning: found[2], formula: found[3] } : null;
}

/** A float with so many digits, what is smaller rounded to zero. */
export function rounded(value: number, digits: number, signed = false): string {
  return Number.isFinite(value) ? amount(value.toFixed(digits), { digits, signed }) : NONE;
}

/** Digits of a ratio: enough for small ones, none that nobody reads. */
function ratio(value: number, signed: boolean): string {
  const size = Math.abs(value);
  return rounded(value, size >= 1_000 ? 0 : size >= 100 ? 1 : 2, signed);
}

const YEAR_SECS = 365.25 * 86_400;

/** A length of time; from two years on in years. */
export function length(seconds: number): string {
  return seconds < 2 * YEAR_SECS ? span(seconds * 1000) : `${(seconds / YEAR_SECS).toFixed(1)} years`;
}

/** A float as decimal text without an exponent. */
export function plainNumber(value: number): string {
  if (!Number.isFinite(value)) return '';
  const text = String(value);
  if (Math.abs(value) >= 1e21) return BigInt(value).toString();
  return text.includes('e') ? value.toFixed(20).replace(/\.?0+$/, '') : text;
}

/** A figure's value with its unit. */
export function written(name: string, value: Value | undefined, zone: Zone = 'utc', signed = false): string {
  if (value === null || value === undefined) return NONE;
  const unit = unitOf(name);
  if (unit === 'moment') return date(String(value), zone);
  const text = typeof value === 'number' ? plainNumber(value) : value;
  const number = Number(text);
  if (!Number.isFinite(number) || text === '') return NONE;
  if (unit === 'money') return money(text, CURRENCY, { signed });
  if (unit === 'percent') return percent(text, { signed });
  if (unit === 'count') return amount(text, { digits: Number.isInteger(number) ? 0 : 1, signed });
  if (unit === 'seconds') return `${signed && number > 0 ? '+' : number < 0 ? '−' : ''}${length(Math.abs(number))}`;
  if (unit === 'probability') return percent(plainNumber(number * 100), { digits: 1, signed });
  if (unit === 'years') return `${amount(text, { digits: 1, signed })} years`;
  return unit === 'R' ? `${ratio(number, signed)} R` : ratio(number, signed);
}

/** A figure as a number for drawing and comparing; null where it has none. */
export function numeric(value: unknown): number | null {
  const found = typeof value === 'number' ? value : typeof value === 'string' && value.trim() !== '' ? Number(value) : NaN;
  return Number.isFinite(found) ? found : null;
}

export function valueOf(statistics: Statistics, name: string): Value {
  const found = statistics[name];
  return typeof found === 'number' || typeof found === 'string' ? found : null;
}

/** Why a figure has no value, or why it deserves doubt. */
export function remarkOf(remarks: readonly Remark[], name: string): Remark | null {
  return remarks.find((one) => one.figure === name) ?? null;
}

/** What one looks at first. */
export const KEY_FIGURES = [
  'total_return_percent', 'cagr_percent', 'buy_and_hold_percent', 'max_drawdown_percent', 'sharpe', 'sortino', 'profit_factor', 'win_rate_percent',
  'trade_count', 'expectancy_r', 'time_in_market_percent', 'final_equity', 'total_fees', 'probabilistic_sharpe',
] as const;

/** Parameters in one line: `fast = 10, slow = 30`. */
export function paramsText(params: Record<string, number>): string {
  const found = Object.entries(params);
  return found.length === 0 ? 'no parameters' : found.map(([name, value]) => `${name} = ${amount(plainNumber(value))}`).join(', ');
}
