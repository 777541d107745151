// One strategy while it is edited: its text, what the desk's check says of it, what is saved, and
// what somebody else saved meanwhile. It must not know how it is shown.
import { Action } from '../../lib/api/action.svelte';
import { problemOf } from '../../lib/api/problem';
import { faultsOf, strategies, type CheckAnswer, type Fault, type StrategyDetail } from '../../lib/api/strategies';
import type { Problem } from '../../lib/api/types';
import { dropDraft, keepDraft, NEW, readDraft } from '../../lib/strategy/drafts';

/** Typing that pauses for so long is checked. */
const CHECK_AFTER_MS = 350;
/** What the desk takes, in bytes. */
export const SOURCE_MAX = 65_536;

export class Editing {
  readonly id: string | null;
  source = $state('');
  saved = $state.raw<StrategyDetail | null>(null);
  /** What a colleague or another window saved while this text was changed. */
  theirs = $state.raw<StrategyDetail | null>(null);
  /** When the text was written that this browser had kept. */
  restored = $state<string | null>(null);
  answer = $state.raw<CheckAnswer | null>(null);
  /** Why the latest check did not happen. */
  unchecked = $state.raw<Problem | null>(null);
  #checked = $state<string | null>(null);
  /** What a new strategy begins with. */
  #first = $state('');
  readonly saving = new Action<StrategyDetail>();
  readonly removing = new Action<null | true>();
  #timer: ReturnType<typeof setTimeout> | undefined;
  #round = 0;

  readonly dirty = $derived.by(() => this.source !== (this.saved?.source ?? this.#first));
  /** The check is of the text as it stands. */
  readonly current = $derived(this.#checked === this.source);
  readonly faults: readonly Fault[] = $derived(this.answer?.faults ?? []);
  readonly sound = $derived(this.current && this.answer !== null && this.answer.faults.length === 0);
  readonly tooLong = $derived(new TextEncoder().encode(this.source).length > SOURCE_MAX);

  constructor(id: string | null) {
    this.id = id;
  }

  /** Begins with what the desk has, and with what this browser kept of it. */
  open(saved: StrategyDetail): void {
    this.saved = saved;
    const draft = readDraft(saved.id);
    const kept = draft !== null && draft.source !== saved.source ? draft : null;
    this.source = kept?.source ?? saved.source;
    this.restored = kept?.at ?? null;
    this.theirs = kept && kept.revision !== saved.revision ? saved : null;
    this.#check(0);
  }

  /** Begins a new one. What this browser kept of one comes first, unless an example was asked for. */
  begin(source: string, asked: boolean): void {
    const draft = asked ? null : readDraft(NEW);
    this.#first = source;
    this.source = draft?.source ?? source;
    this.restored = draft && draft.source !== source ? draft.at : null;
    this.#check(0);
  }

  write(source: string): void {
    this.source = source;
    this.#keep();
    this.#check(CHECK_AFTER_MS);
  }

  /** Back to what is saved. */
  discard(): void {
    this.source = this.saved?.source ?? this.#first;
    this.restored = null;
    this.theirs = null;
    dropDraft(this.id ?? NEW);
    this.#check(0);
  }

  async save(): Promise<StrategyDetail | null> {
    const { source, saved } = this;
    const done = await this.saving.run((headers) => (saved === null ? strategies.add(source, headers) : strategies.change(saved.id, source, saved.revision, headers)));
    if (done) {
      if (saved === null) dropDraft(NEW);
      this.saved = done;
      this.restored = null;
      this.#keep();
      return done;
    }
    await this.#refused(source);
    return null;
  }

  async #refused(source: string): Promise<void> {
    const problem = this.saving.problem;
    if (problem?.code === 'revision_conflict' && this.saved) {
      this.theirs = await strategies.read(this.saved.id).catch(() => null);
      if (this.theirs) this.saving.clear();
    }
    const found = faultsOf(problem);
    if (found.length > 0) {
      this.#round += 1;
      this.answer = { faults: found, strategy: null };
      this.#checked = source;
      this.saving.clear();
    }
  }

  /** Saves this text over theirs. */
  async keepMine(): Promise<StrategyDetail | null> {
    if (this.theirs) this.saved = this.theirs;
    this.theirs = null;
    return this.save();
  }

  takeTheirs(): void {
    if (this.theirs) this.saved = this.theirs;
    this.discard();
  }

  async remove(): Promise<boolean> {
    const saved = this.saved;
    if (!saved) return false;
    const done = await this.removing.run(async (headers) => {
      await strategies.remove(saved.id, headers);
      return true as const;
    });
    if (done) dropDraft(saved.id);
    return done === true;
  }

  /** Stops what is under way, when the page goes. */
  close(): void {
    clearTimeout(this.#timer);
    this.#round += 1;
  }

  #keep(): void {
    if (this.dirty) keepDraft(this.id ?? NEW, { source: this.source, revision: this.saved?.revision ?? null, at: new Date().toISOString() });
    else dropDraft(this.id ?? NEW);
  }

  #check(afterMs: number): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.check(), afterMs);
  }

  /** Asks the desk; of several answers only that to the latest question counts. */
  async check(): Promise<void> {
    const { source } = this;
    const round = ++this.#round;
    if (this.tooLong) return;
    try {
      const answer = await strategies.check(source);
      if (round !== this.#round) return;
      this.answer = answer;
      this.#checked = source;
      this.unchecked = null;
    } catch (error) {
      if (round === this.#round) this.unchecked = problemOf(error);
    }
  }
}
