// Candles out of prices as they come. What was before the first price is not known and not drawn.
import type { BarView } from '../api/types';
import { compare } from '../format/decimal';
import { millis } from '../format/time';

export const SPANS: Record<string, number> = { '1m': 60_000, '5m': 300_000, '15m': 900_000, '1h': 3_600_000, '4h': 14_400_000 };
/** Candles that are kept of one symbol and span. */
const CANDLES_MAX = 1_000;

/** The candles after one more price; the list is changed in place. A price of an earlier span is left out. */
export function addPrice(candles: BarView[], at: string, price: string, span: number): void {
  const time = millis(at);
  if (time === null) return;
  const open = Math.floor(time / span) * span;
  const last = candles.at(-1);
  const before = last ? (millis(last.open_at) ?? 0) : -1;
  if (last && open === before) {
    candles[candles.length - 1] = {
      ...last, close: price,
      high: compare(price, last.high) > 0 ? price : last.high,
      low: compare(price, last.low) < 0 ? price : last.low,
    };
  } else if (open > before) {
    candles.push({
      open_at: new Date(open).toISOString(), close_at: new Date(open + span).toISOString(),
      open: price, high: price, low: price, close: price, volume: '0',
    });
    if (candles.length > CANDLES_MAX) candles.shift();
  }
}
