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
