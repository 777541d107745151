// Price levels on a chart.

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
