// Who is signed in. When a session ends, the pages stay as they are under a sign-in dialog, so that
// nothing typed is lost; when somebody else signs in there, everything starts anew.
import { hook, type Challenge } from '../api/fetch';
import { identity } from '../api/identity';
import { cookieRefused, problemOf, ProblemError } from '../api/problem';
import type { CurrentView, Problem } from '../api/types';

export type Phase = 'starting' | 'unreachable' | 'setup' | 'signed_out' | 'change_password' | 'signed_in' | 'expired';

const RANK: Record<string, number> = { auditor: 0, viewer: 0, trader: 1, admin: 2 };

class Session {
  phase = $state<Phase>('starting');
  view = $state.raw<CurrentView | null>(null);
  problem = $state.raw<Problem | null>(null);
  /** Rises when another person has signed in: pages are made anew. */
  epoch = $state(0);
  /** True while the wizard goes on after the first user was made. */
  wizard = $state(false);
  readonly mayTrade = $derived(this.view !== null && (RANK[this.view.user.role] ?? 0) >= 1);
  /** Every account is granted, also those that are opened later. */
  readonly everywhere = $derived(this.view !== null && (this.view.user.accounts ?? null) === null);
  /** May end a stop or a latch: whoever trades one account must not lift what keeps others safe. */
  readonly mayRelease = $derived(this.mayTrade && this.everywhere);
  readonly isAdmin = $derived(this.view?.user.role === 'admin');

  constructor() {
    hook({
      ended: () => {
        if (this.phase === 'signed_in') this.phase = 'expired';
      },
    });
  }

  async start(): Promise<void> {
    this.problem = null;
    try {
      if ((await identity.needsSetup()).needed) {
        this.phase = 'setup';
        this.wizard = true;
        return;
      }
      this.view = await identity.session();
      this.phase = this.#phaseOf(this.view);
    } catch (error) {
      const problem = problemOf(error);
      if (problem.status === 401) {
        this.phase = 'signed_out';
        return;
      }
      this.problem = problem;
      this.phase = 'unreachable';
    }
  }

  async signIn(name: string, password: string, code?: string): Promise<void> {
    await identity.signIn(name, password, code);
    await this.#enter();
  }

  async setUp(token: string, name: string, password: string): Promise<void> {
    await identity.setUp(token, name, password);
    await this.#enter();
  }

  async signOut(): Promise<void> {
    await identity.signOut();
    this.left();
  }

  /** Reads anew who is signed in, after something about them was changed. */
  async refresh(): Promise<void> {
    this.view = await identity.session();
    this.phase = this.#phaseOf(this.view);
  }

  /** Everything is signed out already, such as after signing out everywhere. */
  left(): void {
    this.phase = 'signed_out';
    this.view = null;
    this.epoch += 1;
  }

  async #enter(): Promise<void> {
    const before = this.view?.user.id;
    try {
      this.view = await identity.session();
    } catch (error) {
      // The desk has just said yes: a session that is missing now was never kept by the browser.
      if (problemOf(error).status === 401) throw new ProblemError(cookieRefused());
      throw error;
    }
    if (before !== this.view.user.id) this.epoch += 1;
    this.phase = this.#phaseOf(this.view);
  }

  #phaseOf(view: CurrentView): Phase {
    return view.user.must_change_password ? 'change_password' : 'signed_in';
  }
}

export const session = new Session();

/** The step-up dialog: a guarded request waits here for a person. */
class StepUp {
  challenge = $state.raw<Challenge | null>(null);
  #answer: ((proof: string | null) => void) | null = null;

  constructor() {
    hook({
      prove: (challenge) => {
        this.cancel();
        this.challenge = challenge;
        return new Promise((resolve) => (this.#answer = resolve));
      },
    });
  }

  async confirm(password: string, code?: string): Promise<void> {
    if (!this.challenge) return;
    const { action, argument_hash } = this.challenge;
    const { proof } = await identity.stepUp(action, argument_hash, password, code);
    this.#close(proof);
  }

  cancel(): void {
    this.#close(null);
  }

  #close(proof: string | null): void {
    const answer = this.#answer;
    this.#answer = null;
    this.challenge = null;
    answer?.(proof);
  }
}

export const stepUp = new StepUp();
