// The typed client of the desk. `await ok(api.GET('/api/desk'))` is the answer or throws a
// ProblemError; writes get an idempotency key (see Action in action.svelte.ts for one per user action).
import createClient from 'openapi-fetch';
import { guarded } from './fetch';
import { fromBody, ProblemError } from './problem';
import type { paths } from './schema';

export const api = createClient<paths>({ baseUrl: globalThis.location?.origin ?? 'http://desk.invalid', fetch: guarded });

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer, or a ProblemError. */
export async function ok<T>(answer: Promise<Answer<T>>): Promise<NonNullable<T>> {
  const { data, error, response } = await answer;
  if (error !== undefined || data === undefined || data === null) throw new ProblemError(fromBody(error, response));
  return data;
}
