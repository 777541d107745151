// Sign-in, set-up and step-up.
import { api, ok } from './client';

export const identity = {
  needsSetup: () => ok(api.GET('/api/setup')),
  setUp: (token: string, name: string, password: string) => ok(api.POST('/api/setup', { body: { token, name, password } })),
  signIn: (name: string, password: string, code?: string) => ok(api.POST('/api/sessions', { body: { name, password, ...(code ? { code } : {}) } })),
  session: () => ok(api.GET('/api/session')),
  signOut: () => ok(api.DELETE('/api/session')),
  stepUp: (action: string, argument_hash: string, password: string, code?: string) =>
    ok(api.POST('/api/step-up', { body: { action, argument_hash, password, ...(code ? { code } : {}) } })),
};
