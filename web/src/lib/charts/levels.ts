// Price levels on a chart.

/** Height of the axis of times below the candles. */
export const AXIS = 28;

export interface Level {
  id: string;
  price: string;
  text: string;
  tone: 'up' | 'down' | 'accent' | 'muted';
  /** It may be moved. */
  moves?: boolean;
  /** Not yet in force. */
  planned?: boolean;
}

/** Height of a handle, with room to the next one. */
const HANDLE = 27;

/** Heights as near as can be to the wanted ones, at least a handle apart, between two bounds. */
export function apart(wanted: readonly { id: string; y: number }[], top: number, bottom: number): Record<string, number> {
  const sorted = [...wanted].sort((a, b) => a.y - b.y).map((one) => ({ ...one }));
  let free = top;
  for (const one of sorted) {
    one.y = Math.max(one.y, free);
    free = one.y + HANDLE;
  }
  let most = bottom;
  for (const one of sorted.reverse()) {
    one.y = Math.min(one.y, most);
    most = one.y - HANDLE;
  }
  return Object.fromEntries(sorted.map((one) => [one.id, one.y]));
}
