// What is drawn over time: panes one above the other, each with lines.
import type { ChartColours } from './theme';

export interface Line {
  name: string;
  values: readonly (number | null)[];
  colour: keyof ChartColours;
  /** Lengths of strokes and gaps, so that colour is not alone; a full line when absent. */
  dash?: readonly number[];
  /** Filled down to zero. */
  fill?: boolean;
}

export interface Pane {
  height: number;
  lines: readonly Line[];
  /** How a value is written at the axis. */
  write: (value: number) => string;
  /** How it is written beside the pointer, where that differs. */
  tell?: (value: number) => string;
  /** The ends of the axis for the lowest and highest value; the chart's own choice when absent. */
  range?: (low: number, high: number) => [number, number];
}

/** Looks of lines that are compared, each with a stroke of its own. */
export const LOOKS: readonly { colour: keyof ChartColours; dash?: readonly number[] }[] = [
  { colour: 'accent' }, { colour: 'warn', dash: [8, 4] }, { colour: 'replay', dash: [2, 3] }, { colour: 'up', dash: [10, 3, 2, 3] },
];
