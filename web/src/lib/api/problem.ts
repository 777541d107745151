// Every failure is an RFC 9457 problem: what the desk answered, or one made here for what never got
// an answer. Pages show it with ProblemView and decide by `code`, never by text.
import type { Problem } from './types';

export class ProblemError extends Error {
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(problem.detail);
    this.name = 'ProblemError';
    this.problem = problem;
  }

  get code(): string {
    return this.problem.code;
  }
}

function made(code: string, status: number, detail: string, remedy: string): Problem {
  return { type: `urn:cofferdam:problem:${code}`, title: code, status, code, detail, remedy };
}

export const unreachable = (): Problem =>
  made('desk_unreachable', 0, 'The desk does not answer.', 'Check that it runs and that this device is connected. Nothing you typed is lost.');

export const slow = (): Problem =>
  made('desk_slow', 0, 'The desk did not answer in time, so the outcome is not known.',
    'Look at the orders and the audit log before you try again. Trying again here sends the same request, which counts only once.');

export const signedOut = (): Problem =>
  made('signed_out', 401, 'Your session has ended.', 'Sign in again. What you typed is still there.');

export const cancelled = (): Problem =>
  made('step_up_cancelled', 403, 'Not confirmed, so nothing was done.', 'Confirm with your password to go on.');

export const cookieRefused = (): Problem =>
  made('cookie_refused', 401, 'Name and password are right, but this browser did not keep the session.',
    'It takes session cookies only over HTTPS or from the machine itself.');

/** Any thrown thing as a problem. */
export function problemOf(error: unknown): Problem {
  if (error instanceof ProblemError) return error.problem;
  const detail = error instanceof Error ? error.message : String(error);
  return made('page_error', 0, `This page failed: ${detail}`, 'Load it again. If that does not help, it is a fault of the dashboard.');
}

function isProblem(value: unknown): value is Problem {
  return typeof value === 'object' && value !== null && 'code' in value && 'detail' in value;
}

/** The problem in an answer that is not a success. */
export async function readProblem(response: Response): Promise<Problem> {
  const body: unknown = await response.json().catch(() => null);
  return isProblem(body) ? body : fromStatus(response);
}

export function fromBody(body: unknown, response: Response): Problem {
  return isProblem(body) ? body : fromStatus(response);
}

function fromStatus(response: Response): Problem {
  return made(`http_${response.status}`, response.status, `The answer was ${response.status} without an explanation.`,
    'Try again; if it stays, look at the desk’s log.');
}
