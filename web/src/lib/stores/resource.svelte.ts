// Something that is read from the desk, with its state: loading, ready, stale or failed. Give it to
// a Panel or a Table and all four are shown.
import { untrack } from 'svelte';
import { problemOf } from '../api/problem';
import type { Problem } from '../api/types';

export type LoadState = 'loading' | 'ready' | 'stale' | 'failed';

export class Resource<T> {
  data = $state.raw<T | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** When data came, in milliseconds. */
  at = $state<number | null>(null);
  busy = $state(false);
  readonly state: LoadState = $derived.by(() => {
    if (this.data === null) return this.problem ? 'failed' : 'loading';
    return this.problem ? 'stale' : 'ready';
  });
  #read: () => Promise<T>;
  #round = 0;

  constructor(read: () => Promise<T>) {
    this.#read = read;
  }

  /** Reads anew; of several at once the latest wins. What it reads is no dependency of an effect. */
  load(): Promise<void> {
    return untrack(() => this.#load());
  }

  async #load(): Promise<void> {
    const round = ++this.#round;
    this.busy = true;
    try {
      const data = await this.#read();
      if (round !== this.#round) return;
      this.data = data;
      this.problem = null;
      this.at = Date.now();
    } catch (error) {
      if (round === this.#round) this.problem = problemOf(error);
    } finally {
      if (round === this.#round) this.busy = false;
    }
  }

  /** Takes what came another way, such as over the socket. */
  set(data: T): void {
    this.#round += 1;
    this.data = data;
    this.problem = null;
    this.at = Date.now();
    this.busy = false;
  }

  /** Forgets everything, for another account or user. */
  reset(): void {
    this.#round += 1;
    this.data = null;
    this.problem = null;
    this.at = null;
    this.busy = false;
  }
}

/** Calls `what` now and every `ms` while the page is visible; returns how to stop. */
export function whileVisible(what: () => unknown, ms: number): () => void {
  const tick = () => {
    if (!document.hidden) untrack(what);
  };
  tick();
  const timer = setInterval(tick, ms);
  document.addEventListener('visibilitychange', tick);
  return () => {
    clearInterval(timer);
    document.removeEventListener('visibilitychange', tick);
  };
}
