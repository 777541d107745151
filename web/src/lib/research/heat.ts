// The map of a sweep: a figure over two parameters. What other parameters are is either fixed at the
// best set or averaged over; random draws are gathered in steps. It computes, it does not draw.
import type { Params, SweepPoint } from '../api/research';
import { numeric } from './figures';

export type Others = 'best' | 'mean';

export interface Choice {
  x: string;
  y: string;
  /** `objective`, or the name of a figure. */
  figure: string;
  others: Others;
  /** The set that other parameters are fixed at. */
  at: Params;
}

/** A step of an axis: one value, or the range of several. */
export interface Step {
  from: number;
  to: number;
}

export interface Cell {
  value: number | null;
  /** Sets that count in it, those without a value included. */
  sets: number;
}

export interface Heat {
  x: Step[];
  y: Step[];
  /** Row by row of y, the lowest first; null where no set was tried. */
  cells: (Cell | null)[][];
  low: number | null;
  high: number | null;
  /** Axes were gathered in steps of several values. */
  gathered: boolean;
}

/** More values than this on an axis are gathered. */
const VALUES_MAX = 40;
const STEPS = 12;
/** Where more than this many places come to a set, as with random draws, values are gathered too. */
const PLACES_A_SET = 4;
const STEPS_LEAST = 4;

/** Parameters with at least two values, in order of their names in the sets. */
export function axesOf(points: readonly SweepPoint[]): string[] {
  const names = Object.keys(points[0]?.params ?? {});
  return names.filter((name) => new Set(points.map((one) => one.params[name])).size > 1);
}

/** Figures of which some set has a value. */
export function figuresOf(points: readonly SweepPoint[]): string[] {
  const names = new Set(points.flatMap((one) => Object.keys(one.figures)));
  return [...names].filter((name) => points.some((one) => numeric(one.figures[name]) !== null));
}

function steps(values: readonly number[], count: number | null): { steps: Step[]; gathered: boolean } {
  const sorted = [...new Set(values)].sort((a, b) => a - b);
  if (count === null ? sorted.length <= VALUES_MAX : sorted.length <= count) return { steps: sorted.map((value) => ({ from: value, to: value })), gathered: false };
  const [low, high] = [sorted[0] ?? 0, sorted.at(-1) ?? 0];
  const most = count ?? STEPS;
  const width = (high - low) / most;
  const found = Array.from({ length: most }, (_, n) => sorted.filter((value) => Math.min(most - 1, Math.floor((value - low) / width)) === n));
  return { steps: found.flatMap((list) => (list.length === 0 ? [] : [{ from: list[0] ?? 0, to: list.at(-1) ?? 0 }])), gathered: true };
}

export function stepOf(list: readonly Step[], value: number | undefined): number {
  return value === undefined ? -1 : list.findIndex((one) => one.from <= value && value <= one.to);
}

export const figureOf = (point: SweepPoint, figure: string): number | null => (figure === 'objective' ? numeric(point.objective) : numeric(point.figures[figure]));

export function heat(points: readonly SweepPoint[], choice: Choice): Heat {
  const fixed = axesOf(points).filter((name) => name !== choice.x && name !== choice.y);
  const kept = choice.others === 'mean' ? points : points.filter((one) => fixed.every((name) => one.params[name] === choice.at[name]));
  const [across, down] = [choice.x, choice.y].map((name) => points.map((one) => one.params[name] ?? 0)) as [number[], number[]];
  const sparse = new Set(across).size * new Set(down).size > PLACES_A_SET * points.length;
  const count = sparse ? Math.max(STEPS_LEAST, Math.min(STEPS, Math.floor(Math.sqrt(points.length)))) : null;
  const [x, y] = [steps(across, count), steps(down, count)];
  const lists: (number | null)[][][] = y.steps.map(() => x.steps.map(() => []));
  for (const point of kept) lists[stepOf(y.steps, point.params[choice.y] ?? 0)]?.[stepOf(x.steps, point.params[choice.x] ?? 0)]?.push(figureOf(point, choice.figure));
  const cells = lists.map((row) => row.map((list) => (list.length === 0 ? null : { value: mean(list), sets: list.length })));
  const values = cells.flat().flatMap((cell) => (cell?.value === null || cell === null ? [] : [cell.value]));
  return {
    x: x.steps, y: y.steps, cells, gathered: x.gathered || y.gathered,
    low: values.length === 0 ? null : Math.min(...values), high: values.length === 0 ? null : Math.max(...values),
  };
}

/** Of the values that there are; null when there is none. */
function mean(list: readonly (number | null)[]): number | null {
  const found = list.filter((value) => value !== null);
  return found.length === 0 ? null : found.reduce((total, value) => total + value, 0) / found.length;
}

/** Where a value lies between the worst (0) and the best (1) of the map. */
export function strength(map: Pick<Heat, 'low' | 'high'>, value: number | null, way: 'higher' | 'lower'): number | null {
  if (value === null || map.low === null || map.high === null) return null;
  if (map.high === map.low) return 1;
  const part = (value - map.low) / (map.high - map.low);
  return way === 'higher' ? part : 1 - part;
}

/** The cell of a set; null when it lies on none, because other parameters are fixed elsewhere. */
export function cellOf(map: Heat, points: readonly SweepPoint[], choice: Choice, params: Params): { x: number; y: number } | null {
  const fixed = axesOf(points).filter((name) => name !== choice.x && name !== choice.y);
  if (choice.others === 'best' && fixed.some((name) => params[name] !== choice.at[name])) return null;
  const [x, y] = [stepOf(map.x, params[choice.x]), stepOf(map.y, params[choice.y])];
  return x < 0 || y < 0 ? null : { x, y };
}
