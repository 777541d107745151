// The end of the selected account's journal, as far back as pages show it: refused requests, alarms,
// and the timeline of an order. Kept true by events, which say that there is more to read.
import { api, ok } from '../api/client';
import { problemOf } from '../api/problem';
import type { Problem, RecordView } from '../api/types';
import { desk } from './desk.svelte';
import type { LoadState } from './resource.svelte';

const PAGE = 500;
const PAGES = 4;
const RECORDS_MAX = 4_000;
const GATHER_MS = 200;

class Trail {
  /** In order of their numbers, without the hourly marks. */
  records = $state.raw<RecordView[]>([]);
  problem = $state.raw<Problem | null>(null);
  /** The first number that has been read; older records exist when it is above 1. */
  from = $state(0);
  /** The time of the first record that has been read. */
  readonly since = $derived(this.records[0]?.at ?? null);
  #loaded = $state(false);
  #account: string | null = null;
  #last = 0;
  #reading = false;
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly state: LoadState = $derived(this.#loaded ? (this.problem ? 'stale' : 'ready') : this.problem ? 'failed' : 'loading');

  /** Follows an account while a page shows it; returns how to stop. */
  follow(account: string): () => void {
    if (this.#account !== account) {
      this.#account = account;
      this.records = [];
      this.#loaded = false;
      this.#last = 0;
      this.problem = null;
    }
    void this.load();
    const stop = desk.onEvent((event) => {
      if (event.stream === `account/${account}` && event.seq > this.#last) this.#soon();
    });
    return () => {
      stop();
      clearTimeout(this.#timer);
      this.#timer = undefined;
    };
  }

  #soon(): void {
    this.#timer ??= setTimeout(() => {
      this.#timer = undefined;
      void this.load();
    }, GATHER_MS);
  }

  /** Reads what is new. */
  async load(): Promise<void> {
    const account = this.#account;
    if (account === null || this.#reading) return;
    this.#reading = true;
    try {
      if (!this.#loaded) {
        const head = (await ok(api.GET('/api/accounts/{id}', { params: { path: { id: account } } }))).head.seq;
        this.#last = Math.max(0, head - PAGE * PAGES);
        this.from = this.#last + 1;
      }
      for (let page = 0; page < PAGES + 1; page += 1) {
        const { records, next } = await this.#page(account, this.#last, PAGE);
        if (account !== this.#account) return;
        this.#last = records.at(-1)?.seq ?? this.#last;
        this.records = [...this.records, ...records.filter((one) => one.kind !== 'marked')].slice(-RECORDS_MAX);
        if (next === null || next === undefined) break;
      }
      this.#loaded = true;
      this.problem = null;
    } catch (error) {
      if (account === this.#account) this.problem = problemOf(error);
    } finally {
      this.#reading = false;
    }
  }

  /** Reads one page further back; false when there is nothing older. */
  async older(): Promise<boolean> {
    const account = this.#account;
    if (account === null || this.from <= 1) return false;
    const after = Math.max(0, this.from - 1 - PAGE);
    const { records } = await this.#page(account, after, Math.min(PAGE, this.from - 1));
    if (account !== this.#account) return false;
    this.from = after + 1;
    this.records = [...records.filter((one) => one.kind !== 'marked'), ...this.records];
    return true;
  }

  async #page(account: string, after: number, limit: number) {
    return ok(api.GET('/api/journal/{stream}', { params: { path: { stream: `account/${account}` }, query: { after, limit } } }));
  }
}

export const trail = new Trail();
