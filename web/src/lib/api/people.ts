// People, keys, sessions and second factors. Typed by hand until the desk's description has them.
import { plainly } from './client';
import type { Role, User } from './identity';

type Key = { 'Idempotency-Key': string };

export interface Person extends User {
  disabled: boolean;
  second_factor: boolean;
  created_at: string;
}

export interface KeyView {
  id: string;
  name: string;
  /** Who minted it; null on the desk's machine. */
  owner: string | null;
  scopes: string[];
  /** null means all of the owner's. */
  accounts: string[] | null;
  /** From where it may be used; anywhere when empty. */
  addresses: string[];
  created_at: string;
  expires_at: string | null;
  last_used_at: string | null;
}

export interface SessionRow {
  id: string;
  current: boolean;
  created_at: string;
  idle_ends: string;
  ends: string;
  address: string;
  agent: string;
}

export interface NewKey {
  name: string;
  scopes: string[];
  accounts?: string[];
  expires_in_days?: number;
  addresses?: string[];
}

const at = (id: string) => encodeURIComponent(id);

export const people = {
  list: async () => (await plainly<{ users: Person[] }>('GET', '/api/users')).users,
  add: (body: { name: string; role: Role; accounts?: string[]; password: string }, key: Key) => plainly<Person>('POST', '/api/users', body, key),
  /** `accounts: ['*']` grants all of them. */
  change: (id: string, body: { role?: Role; accounts?: string[]; disabled?: boolean }, key: Key) => plainly<Person>('PATCH', `/api/users/${at(id)}`, body, key),
  reset: (id: string, key: Key) => plainly<{ user: Person; password: string }>('POST', `/api/users/${at(id)}/reset`, {}, key),
};

export const keys = {
  list: async () => (await plainly<{ keys: KeyView[] }>('GET', '/api/keys')).keys,
  mint: (body: NewKey, key: Key) => plainly<{ id: string; key: string; details: KeyView }>('POST', '/api/keys', body, key),
  revoke: (id: string, key: Key) => plainly<unknown>('DELETE', `/api/keys/${at(id)}`, undefined, key),
};

export const me = {
  sessions: async () => (await plainly<{ sessions: SessionRow[] }>('GET', '/api/sessions')).sessions,
  endSession: (id: string) => plainly<unknown>('DELETE', `/api/sessions/${at(id)}`),
  endAll: () => plainly<unknown>('DELETE', '/api/sessions'),
  password: (current: string, next: string) => plainly<unknown>('PUT', '/api/me/password', { current, new: next }),
  beginTotp: (password: string) => plainly<{ secret: string; uri: string; qr_svg: string }>('POST', '/api/me/totp', { password }),
  activateTotp: (code: string) => plainly<{ recovery_codes: string[] }>('PUT', '/api/me/totp', { code }),
  removeTotp: () => plainly<unknown>('DELETE', '/api/me/totp'),
  recoveryCodes: () => plainly<{ recovery_codes: string[] }>('POST', '/api/me/recovery-codes', {}),
};
