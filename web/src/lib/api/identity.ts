// Sign-in, set-up and step-up. Typed by hand until the desk's description has these routes.
import { plainly } from './client';

export type Role = 'viewer' | 'trader' | 'admin' | 'auditor';

export interface User {
  id: string;
  name: string;
  role: Role;
  /** null means every account. */
  accounts: string[] | null;
  /** True until a password that somebody else gave has been replaced. */
  must_change_password?: boolean;
}

export interface SessionView {
  user: User;
  session: { id: string; created_at: string; idle_ends: string; ends: string; address: string; agent: string };
  second_factor: { on: boolean; since: string | null; recovery_codes_left: number };
  real_key: boolean;
}

export interface SignedIn {
  user: User;
  second_factor: 'ok' | 'not_set';
}

export const identity = {
  needsSetup: () => plainly<{ needed: boolean }>('GET', '/api/setup'),
  setUp: (token: string, name: string, password: string) =>
    plainly<{ user: User }>('POST', '/api/setup', { token, name, password }),
  signIn: (name: string, password: string, code?: string) =>
    plainly<SignedIn>('POST', '/api/sessions', { name, password, ...(code ? { code } : {}) }),
  session: () => plainly<SessionView>('GET', '/api/session'),
  signOut: () => plainly<null>('DELETE', '/api/session'),
  stepUp: (action: string, argument_hash: string, password: string, code?: string) =>
    plainly<{ proof: string; ends: string }>('POST', '/api/step-up', { action, argument_hash, password, ...(code ? { code } : {}) }),
};
