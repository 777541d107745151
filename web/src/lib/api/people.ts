// People, keys, sessions and second factors.
import { api, ok } from './client';
import type { NewKey, NewPerson, PersonChange } from './types';

type Key = { 'Idempotency-Key': string };
const at = (id: string) => ({ path: { id } });

export const people = {
  list: async () => (await ok(api.GET('/api/users'))).users,
  add: (body: NewPerson, headers: Key) => ok(api.POST('/api/users', { body, headers })),
  /** `accounts: ['*']` grants all of them. */
  change: (id: string, body: PersonChange, headers: Key) => ok(api.PATCH('/api/users/{id}', { params: at(id), body, headers })),
  reset: (id: string, headers: Key) => ok(api.POST('/api/users/{id}/reset', { params: at(id), headers })),
};

export const keys = {
  list: async () => (await ok(api.GET('/api/keys'))).keys,
  mint: (body: NewKey, headers: Key) => ok(api.POST('/api/keys', { body, headers })),
  revoke: (id: string, headers: Key) => ok(api.DELETE('/api/keys/{id}', { params: at(id), headers })),
};

export const me = {
  sessions: async () => (await ok(api.GET('/api/sessions'))).sessions,
  endSession: (id: string) => ok(api.DELETE('/api/sessions/{id}', { params: at(id) })),
  endAll: () => ok(api.DELETE('/api/sessions')),
  password: (current: string, next: string) => ok(api.PUT('/api/me/password', { body: { current, new: next } })),
  beginTotp: (password: string) => ok(api.POST('/api/me/totp', { body: { password } })),
  activateTotp: (code: string) => ok(api.PUT('/api/me/totp', { body: { code } })),
  removeTotp: () => ok(api.DELETE('/api/me/totp')),
  recoveryCodes: () => ok(api.POST('/api/me/recovery-codes')),
};
