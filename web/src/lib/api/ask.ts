// Requests to routes that the generated client does not know yet. The same door as the client's:
// keys, repetition and step-up are those of `guarded`.
import { guarded } from './fetch';
import { ProblemError, readProblem } from './problem';

export interface AskOptions {
  query?: Record<string, string | number | null | undefined>;
  body?: unknown;
  headers?: Record<string, string>;
}

/** The address of a route with its query; what is null or absent is left out. */
export function address(path: string, query: AskOptions['query'] = {}): string {
  const found = Object.entries(query).filter(([, value]) => value !== null && value !== undefined && value !== '');
  const text = new URLSearchParams(found.map(([name, value]) => [name, String(value)])).toString();
  return text === '' ? path : `${path}?${text}`;
}

/** The body of a successful answer, or a ProblemError. An answer without a body is null. */
export async function ask<T>(method: 'GET' | 'POST' | 'PUT' | 'DELETE', path: string, { query, body, headers = {} }: AskOptions = {}): Promise<T> {
  const origin = globalThis.location?.origin ?? 'http://desk.invalid';
  const request = new Request(new URL(address(path, query), origin), {
    method,
    headers: { Accept: 'application/json', ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const answer = await guarded(request);
  if (!answer.ok) throw new ProblemError(await readProblem(answer));
  return (answer.status === 204 ? null : await answer.json()) as T;
}
