// How values are spread: bins for a histogram, and the values that are named beside it.

export interface Bin {
  from: number;
  to: number;
  count: number;
}

/** Bins of a round width, one edge at zero, so that no bin holds gains and losses. */
export function bins(values: readonly number[], most = 24): Bin[] {
  if (values.length === 0) return [];
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const width = niceWidth((high - low) / most || Math.abs(high) || 1);
  const first = Math.floor(low / width);
  const count = Math.max(1, Math.floor(high / width) - first + 1);
  const found = Array.from({ length: count }, (_, n) => ({ from: round((first + n) * width), to: round((first + n + 1) * width), count: 0 }));
  for (const value of values) {
    const bin = found[Math.min(count - 1, Math.max(0, Math.floor(value / width) - first))];
    if (bin) bin.count += 1;
  }
  return found;
}

/** The next of 1, 2, 2.5 and 5 times a power of ten. */
export function niceWidth(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least));
  return round((([1, 2, 2.5, 5].find((step) => step * power >= least * (1 - 1e-9)) ?? 10)) * power);
}

const round = (value: number): number => Number(value.toPrecision(12));

/** The value below which a share of all lies, by nearest rank. */
export function quantile(values: readonly number[], share: number): number | null {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted.length === 0 ? null : (sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(share * sorted.length) - 1))] ?? null);
}
