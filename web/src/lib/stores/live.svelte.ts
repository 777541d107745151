// Candles from the prices that this page has seen, for symbols and spans without stored bars. They
// begin when the page was loaded and end with it; what shows them says so.
import type { BarView, QuoteView } from '../api/types';
import { addPrice, SPANS } from '../trading/candles';

class Live {
  #candles = new Map<string, BarView[]>();
  #seen = new Map<string, { first: string; last: string }>();
  /** Rises when a price has come. */
  #round = $state(0);

  /** Takes the prices of one reading. */
  take(quotes: readonly QuoteView[]): void {
    let moved = false;
    for (const quote of quotes) {
      const seen = this.#seen.get(quote.symbol);
      if (seen?.last === quote.at) continue;
      moved = true;
      this.#seen.set(quote.symbol, { first: seen?.first ?? quote.at, last: quote.at });
      for (const [name, span] of Object.entries(SPANS)) {
        const key = `${quote.symbol} ${name}`;
        const candles = this.#candles.get(key) ?? [];
        addPrice(candles, quote.at, quote.last, span);
        this.#candles.set(key, candles);
      }
    }
    if (moved) this.#round += 1;
  }

  candles(symbol: string, span: string): BarView[] {
    void this.#round;
    return [...(this.#candles.get(`${symbol} ${span}`) ?? [])];
  }

  /** The time of the first price, by the feed's clock. */
  since(symbol: string): string | null {
    void this.#round;
    return this.#seen.get(symbol)?.first ?? null;
  }

  forget(): void {
    this.#candles.clear();
    this.#seen.clear();
    this.#round += 1;
  }
}

export const live = new Live();
