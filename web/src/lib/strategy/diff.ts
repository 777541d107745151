// Lines that two texts share and lines that only one has.

export interface DiffLine {
  text: string;
  /** Only in the first, only in the second, or in both. */
  of: 'first' | 'second' | 'both';
}

/** More lines than this are compared without looking for what moved. */
const LINES_MAX = 2_000;

/** The longest common run of lines, with what differs between. */
export function diff(first: string, second: string): DiffLine[] {
  const a = first.split('\n');
  const b = second.split('\n');
  if (a.length > LINES_MAX || b.length > LINES_MAX) {
    return [...a.map((text) => ({ text, of: 'first' as const })), ...b.map((text) => ({ text, of: 'second' as const }))];
  }
  const width = b.length + 1;
  // longest[i * width + j]: how many lines a[i..] and b[j..] share in order.
  const longest = new Uint16Array((a.length + 1) * width);
  const at = (i: number, j: number) => longest[i * width + j] ?? 0;
  for (let i = a.length - 1; i >= 0; i -= 1) {
    for (let j = b.length - 1; j >= 0; j -= 1) longest[i * width + j] = a[i] === b[j] ? at(i + 1, j + 1) + 1 : Math.max(at(i + 1, j), at(i, j + 1));
  }
  const found: DiffLine[] = [];
  let [i, j] = [0, 0];
  while (i < a.length || j < b.length) {
    if (i < a.length && j < b.length && a[i] === b[j]) {
      found.push({ text: a[i] ?? '', of: 'both' });
      i += 1;
      j += 1;
    } else if (i < a.length && (j >= b.length || at(i + 1, j) >= at(i, j + 1))) found.push({ text: a[i++] ?? '', of: 'first' });
    else found.push({ text: b[j++] ?? '', of: 'second' });
  }
  return found;
}
