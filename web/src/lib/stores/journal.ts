// Reads the journal backwards, several streams as one timeline. The desk pages forwards from a
// record number, so a page back is the records between two numbers.
import { api, ok } from '../api/client';
import type { RecordView } from '../api/types';

export interface Entry extends RecordView {
  stream: string;
}

const PAGE = 200;
const FORWARD = 500;

interface Tail {
  stream: string;
  /** Records up to this number are not read yet. */
  before: number;
  /** Read, the newest first. */
  ready: Entry[];
}

async function page(stream: string, after: number, limit: number): Promise<Entry[]> {
  const answer = await ok(api.GET('/api/journal/{stream}', { params: { path: { stream }, query: { after, limit } } }));
  return answer.records.map((record) => ({ ...record, stream }));
}

async function heads(): Promise<Map<string, number>> {
  return new Map((await ok(api.GET('/api/journal'))).streams.map((one) => [one.stream, one.head.seq]));
}

export class JournalReader {
  #tails: Tail[] = [];
  #seen = new Map<string, number>();
  /** Records that were looked at, kept or not. */
  scanned = 0;

  /** Begins at the newest records of these streams. */
  async begin(streams: readonly string[]): Promise<void> {
    const all = await heads();
    this.scanned = 0;
    this.#tails = streams.filter((one) => all.has(one)).map((stream) => ({ stream, before: all.get(stream) ?? 0, ready: [] }));
    this.#seen = new Map(this.#tails.map((one) => [one.stream, one.before]));
  }

  get done(): boolean {
    return this.#tails.every((tail) => tail.ready.length === 0 && tail.before === 0);
  }

  /** The next older records, until enough are kept or enough were looked at. */
  async more(keep: (entry: Entry) => boolean, wanted: number, most: number): Promise<Entry[]> {
    const found: Entry[] = [];
    for (let looked = 0; found.length < wanted && looked < most; looked += 1) {
      const next = await this.#next();
      if (!next) break;
      this.scanned += 1;
      if (keep(next)) found.push(next);
    }
    return found;
  }

  /** What was written since the beginning, or since the last call, the newest first. */
  async newer(): Promise<Entry[]> {
    const all = await heads();
    const found: Entry[] = [];
    for (const [stream, seen] of this.#seen) {
      const head = all.get(stream) ?? seen;
      for (let after = seen; after < head; ) {
        const records = await page(stream, after, FORWARD);
        const last = records.at(-1);
        if (!last) break;
        found.push(...records);
        after = last.seq;
        this.#seen.set(stream, after);
      }
    }
    return found.sort((a, b) => (a.wall_at < b.wall_at ? 1 : -1));
  }

  async #next(): Promise<Entry | null> {
    for (const tail of this.#tails) {
      if (tail.ready.length > 0 || tail.before === 0) continue;
      const after = Math.max(0, tail.before - PAGE);
      tail.ready = (await page(tail.stream, after, tail.before - after)).reverse();
      tail.before = after;
    }
    let newest: Tail | null = null;
    for (const tail of this.#tails) {
      const head = tail.ready[0];
      if (head && (!newest?.ready[0] || head.wall_at > newest.ready[0].wall_at)) newest = tail;
    }
    return newest?.ready.shift() ?? null;
  }
}

/** Back to the record that `is` names, that one included, the earliest first; at most `most` records. */
export async function backTo(stream: string, is: (entry: Entry) => boolean, most = 5_000): Promise<{ entries: Entry[]; whole: boolean }> {
  const reader = new JournalReader();
  await reader.begin([stream]);
  const entries: Entry[] = [];
  while (entries.length < most) {
    const [next] = await reader.more(() => true, 1, 1);
    if (!next) return { entries: entries.reverse(), whole: true };
    entries.push(next);
    if (is(next)) return { entries: entries.reverse(), whole: true };
  }
  return { entries: entries.reverse(), whole: false };
}
