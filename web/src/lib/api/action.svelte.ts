// One thing that a person does: a new idempotency key each time they do it, the same key when they
// repeat what failed. Holds busy and problem, so that a button and a ProblemView can show them.
import { problemOf } from './problem';
import type { Problem } from './types';

export class Action<T = unknown> {
  busy = $state(false);
  problem = $state<Problem | null>(null);
  result = $state<T | null>(null);
  #last: (() => Promise<T>) | null = null;

  /** Does it; resolves with null when it failed or one is under way. */
  async run<R extends T>(what: (headers: { 'Idempotency-Key': string }) => Promise<R>): Promise<R | null> {
    const headers = { 'Idempotency-Key': crypto.randomUUID() };
    this.#last = () => what(headers);
    // What ran last is what was just given.
    return this.#go() as Promise<R | null>;
  }

  /** Does the same once more, with the same key. */
  async again(): Promise<T | null> {
    return this.#last ? this.#go() : null;
  }

  clear(): void {
    this.problem = null;
    this.result = null;
  }

  async #go(): Promise<T | null> {
    if (this.busy || !this.#last) return null;
    this.busy = true;
    this.problem = null;
    try {
      this.result = await this.#last();
      return this.result;
    } catch (error) {
      const problem = problemOf(error);
      if (problem.code !== 'step_up_cancelled') this.problem = problem;
      return null;
    } finally {
      this.busy = false;
    }
  }
}
