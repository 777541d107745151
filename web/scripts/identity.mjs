// Sign-in, set-up and step-up in memory, for a desk that does not have them yet.
//
// For development and browser tests only: it is part of the dev proxy, never of the bundle. It
// follows the routes that the desk itself will serve. COFFERDAM_WEB_USER=name:password starts with
// a user, otherwise the first-run page asks for the token `demo`.
import { createHash, randomBytes } from 'node:crypto';

const COOKIE = '__Host-cofferdam';

export function identity() {
  const users = new Map();
  const sessions = new Map();
  const proofs = new Map();
  const preset = process.env['COFFERDAM_WEB_USER'];
  if (preset) users.set(preset.split(':')[0], preset.slice(preset.indexOf(':') + 1));
  let failures = 0;

  const session = (request) => {
    const found = /(?:^|;\s*)__Host-cofferdam=([0-9a-f]+)/.exec(request.headers.cookie ?? '');
    return found ? sessions.get(found[1]) : undefined;
  };
  const send = (response, status, body, headers = {}) => {
    response.writeHead(status, {
      'content-type': status >= 400 ? 'application/problem+json' : 'application/json', 'cache-control': 'no-store', ...headers,
    });
    response.end(body === undefined ? undefined : JSON.stringify(body));
    return true;
  };
  const problem = (response, status, code, detail, remedy, more = {}) =>
    send(response, status, { type: `urn:cofferdam:problem:${code}`, title: code, status, code, detail, remedy, ...more });
  const open = (response, name, status) => {
    const id = randomBytes(16).toString('hex');
    const now = Date.now();
    sessions.set(id, { id, name, created: now });
    const cookie = `${COOKIE}=${id}; Secure; HttpOnly; SameSite=Strict; Path=/`;
    return send(response, status, { user: user(name), second_factor: 'not_set' }, { 'set-cookie': cookie });
  };
  const user = (name) => ({ id: name, name, role: 'admin', accounts: null });

  function answer(request, bytes, response) {
    const path = (request.url ?? '').split('?')[0];
    const route = `${request.method} ${path}`;
    const body = () => {
      try {
        return JSON.parse(bytes.toString() || '{}');
      } catch {
        return {};
      }
    };
    if (path === '/api/health') return false;
    if (route === 'GET /api/setup') return send(response, 200, { needed: users.size === 0 });
    if (route === 'POST /api/setup') {
      const { token, name, password } = body();
      if (users.size > 0) return problem(response, 409, 'setup_done', 'This desk has been set up already.', 'Sign in.');
      if (token !== 'demo') {
        return problem(response, 403, 'setup_token_wrong', 'This token is wrong, used, or older than 15 minutes.',
          'Start the desk again: it prints a new one.');
      }
      if ((password ?? '').length < 12) {
        return problem(response, 422, 'password_weak', 'The password is shorter than 12 characters.', 'Use a longer one: four unrelated words are good.');
      }
      users.set(name, password);
      return open(response, name, 201);
    }
    if (route === 'POST /api/sessions') {
      const { name, password } = body();
      if (failures >= 5) {
        failures = 0;
        return problem(response, 429, 'sign_in_delayed', 'Too many wrong attempts.', 'Wait, then try again.', { retry_after_seconds: 10 });
      }
      if (users.get(name) !== password || password === undefined) {
        failures += 1;
        return problem(response, 401, 'sign_in_failed', 'Name or password is wrong.', 'Check both; capitals count.');
      }
      failures = 0;
      return open(response, name, 201);
    }
    const mine = session(request);
    if (!mine) {
      return problem(response, 401, 'unauthorized', 'You are not signed in, or your session has ended.', 'Sign in.');
    }
    if (route === 'GET /api/session') {
      const end = (hours) => new Date(mine.created + hours * 3_600_000).toISOString();
      return send(response, 200, {
        user: user(mine.name),
        session: { id: mine.id.slice(0, 8), created_at: end(0), idle_ends: end(1), ends: end(12), address: '127.0.0.1', agent: request.headers['user-agent'] ?? '' },
        second_factor: { on: false, since: null, recovery_codes_left: 0 },
        real_key: false,
      });
    }
    if (route === 'DELETE /api/session') {
      sessions.delete(mine.id);
      return send(response, 204, undefined, { 'set-cookie': `${COOKIE}=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0` });
    }
    if (route === 'POST /api/step-up') {
      const { argument_hash, password } = body();
      if (users.get(mine.name) !== password) {
        return problem(response, 401, 'step_up_failed', 'The password is wrong.', 'Try again; capitals count.');
      }
      const proof = randomBytes(16).toString('hex');
      proofs.set(proof, argument_hash);
      return send(response, 201, { proof, ends: new Date(Date.now() + 120_000).toISOString() });
    }
    if (route === 'POST /api/kill/release' || /^POST \/api\/accounts\/[^/]+\/latches\/[^/]+\/release$/.test(route)) {
      const hash = createHash('sha256').update(`${request.method} ${path}\n`).update(bytes).digest('hex');
      const proof = request.headers['step-up'];
      if (proof && proofs.get(proof) === hash) {
        proofs.delete(proof);
        return false;
      }
      return problem(response, 403, 'step_up_required', 'This needs your password again.', 'Confirm who you are.', {
        action: route, argument_hash: hash, factors: ['password'],
      });
    }
    return false;
  }

  return { answer, signedIn: (request) => session(request) !== undefined };
}
