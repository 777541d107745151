// The one place where requests leave. It adds the idempotency key to writes, repeats a write that
// got no answer (with the same key), asks for a step-up when the desk wants one, and tells the
// session when it has ended. It must not know pages.
import { cancelled, ProblemError, readProblem, signedOut, slow, unreachable } from './problem';
import type { Problem } from './types';

const TIMEOUT_MS = 20_000;
/** Waits before a request that got no answer is sent again. */
const AGAIN_MS = [400, 1_600];
/** Routes of which each attempt counts. */
const ONCE = /^\/api\/(setup|sessions?|step-up|me\/)/;

/** What a guarded write was refused with. */
export interface Challenge {
  action: string;
  argument_hash: string;
  factors: string[];
}

interface Hooks {
  /** The session has ended. */
  ended: () => void;
  /** Asks a person for a proof; null when they decline. */
  prove: (challenge: Challenge) => Promise<string | null>;
}

const hooks: Hooks = { ended: () => {}, prove: async () => null };

/** The session and the step-up dialog register here, so that this module needs neither. */
export function hook(with_: Partial<Hooks>): void {
  Object.assign(hooks, with_);
}

async function once(request: Request): Promise<Response> {
  try {
    return await fetch(request, { signal: AbortSignal.timeout(TIMEOUT_MS) });
  } catch (error) {
    const late = error instanceof DOMException && error.name === 'TimeoutError';
    throw new ProblemError(late ? slow() : unreachable());
  }
}

async function patiently(request: Request): Promise<Response> {
  const waits = ONCE.test(new URL(request.url).pathname) ? [] : AGAIN_MS;
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await once(request.clone());
    } catch (error) {
      const wait = waits[attempt];
      if (wait === undefined || !(error instanceof ProblemError) || error.code !== 'desk_unreachable') throw error;
      await new Promise((resolve) => setTimeout(resolve, wait));
    }
  }
}

function challengeOf(problem: Problem): Challenge | null {
  if (problem.code !== 'step_up_required' || !problem.action || !problem.argument_hash) return null;
  return { action: problem.action, argument_hash: problem.argument_hash, factors: problem.factors ?? ['password'] };
}

/** Sends a request with all of the above. */
export async function guarded(request: Request): Promise<Response> {
  const writes = request.method !== 'GET' && request.method !== 'HEAD';
  if (writes && !request.headers.has('Idempotency-Key')) request.headers.set('Idempotency-Key', crypto.randomUUID());
  let response = await patiently(request);
  if (response.status === 403) {
    const challenge = challengeOf(await readProblem(response.clone()));
    if (challenge) {
      const proof = await hooks.prove(challenge);
      if (proof === null) throw new ProblemError(cancelled());
      request.headers.set('Step-Up', proof);
      response = await patiently(request);
    }
  }
  if (response.status === 401 && !ONCE.test(new URL(request.url).pathname)) {
    hooks.ended();
    throw new ProblemError(signedOut());
  }
  return response;
}
