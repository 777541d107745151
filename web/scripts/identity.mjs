// Sign-in, people, keys and step-up in memory, for a desk that does not have them yet.
//
// For development and browser tests only: it is part of the dev proxy, never of the bundle. It
// follows the routes that the desk itself will serve. COFFERDAM_WEB_USER=name:password starts with
// a user, otherwise the first-run page asks for the token `demo`.
import { createHash, createHmac, randomBytes } from 'node:crypto';

const COOKIE = '__Host-cofferdam';
const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** The six digits of a secret now, so that tests need no telephone. */
export function totp(secret, at = Date.now()) {
  const bits = [...secret].map((one) => ALPHABET.indexOf(one).toString(2).padStart(5, '0')).join('');
  const key = Buffer.from(bits.match(/.{8}/g).map((one) => Number.parseInt(one, 2)));
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(Math.floor(at / 30_000)));
  const mac = createHmac('sha1', key).update(counter).digest();
  const from = mac[19] & 15;
  return String((mac.readUInt32BE(from) & 0x7fffffff) % 1_000_000).padStart(6, '0');
}

// The drawing stands in for the desk's picture: it shows the place, not the secret.
const QR = '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 21 21"><rect width="21" height="21" fill="#fff"/><path d="M1 1h7v7H1zM13 1h7v7h-7zM1 13h7v7H1zM10 10h2v2h-2zM13 13h3v3h-3zM17 17h3v3h-3z"/></svg>';

const GUARDED = [
  /^POST \/api\/kill\/release$/, /^POST \/api\/accounts\/[^/]+\/latches\/[^/]+\/release$/, /^PUT \/api\/accounts\/[^/]+\/policy$/,
  /^(POST|PATCH) \/api\/users/, /^POST \/api\/keys$/, /^DELETE \/api\/me\/totp$/, /^POST \/api\/me\/recovery-codes$/,
];

export function identity() {
  const users = new Map();
  const sessions = new Map();
  const proofs = new Map();
  const keys = new Map();
  let failures = 0;

  const now = () => new Date().toISOString();
  const put = (name, password, more = {}) => {
    const user = { id: `u-${name}`, name, role: 'admin', accounts: null, disabled: false, must_change_password: false, created_at: now(), password, totp: null, codes: [], since: null, ...more };
    users.set(user.id, user);
    return user;
  };
  const preset = process.env['COFFERDAM_WEB_USER'];
  if (preset) put(preset.split(':')[0], preset.slice(preset.indexOf(':') + 1));
  const byName = (name) => [...users.values()].find((one) => one.name === name);
  const view = ({ id, name, role, accounts, disabled, must_change_password, created_at, totp: on }) => ({ id, name, role, accounts, disabled, must_change_password, second_factor: on !== null, created_at });

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
  const done = (response) => send(response, 200, { done: true });
  const open = (request, response, user) => {
    const id = randomBytes(16).toString('hex');
    sessions.set(id, { id, user, created: Date.now(), agent: request.headers['user-agent'] ?? '' });
    return send(response, 201, { user: view(user), second_factor: user.totp ? 'ok' : 'not_set' }, { 'set-cookie': `${COOKIE}=${id}; Secure; HttpOnly; SameSite=Strict; Path=/` });
  };
  const out = { 'set-cookie': `${COOKIE}=; Secure; HttpOnly; SameSite=Strict; Path=/; Max-Age=0` };
  const sessionView = (one, mine) => {
    const end = (hours) => new Date(one.created + hours * 3_600_000).toISOString();
    return { id: one.id.slice(0, 8), current: one === mine, created_at: end(0), idle_ends: end(1), ends: end(12), address: '127.0.0.1', agent: one.agent };
  };
  const endOthers = (user, but) => sessions.forEach((one, id) => one.user === user && one !== but && sessions.delete(id));
  const codes = () => Array.from({ length: 10 }, () => `${randomBytes(3).toString('hex')}-${randomBytes(3).toString('hex')}`);
  const weak = (response) => problem(response, 400, 'password_weak', 'The password is shorter than 12 characters.', 'Use a longer one: four unrelated words are good.');

  function second(user, code) {
    if (!user.totp) return true;
    if (user.codes.includes(code)) {
      user.codes = user.codes.filter((one) => one !== code);
      return true;
    }
    return [0, -30_000, 30_000].some((by) => totp(user.totp, Date.now() + by) === code);
  }

  function anonymous(route, body, request, response) {
    if (route === 'GET /api/setup') return send(response, 200, { needed: users.size === 0 });
    if (route === 'POST /api/setup') {
      const { token, name, password } = body;
      if (users.size > 0) return problem(response, 409, 'setup_done', 'This desk has been set up already.', 'Sign in.');
      if (token !== 'demo') {
        return problem(response, 403, 'setup_token_wrong', 'This token is wrong, used, or older than 15 minutes.', 'Start the desk again: it prints a new one.');
      }
      return (password ?? '').length < 12 ? weak(response) : open(request, response, put(name, password));
    }
    if (route !== 'POST /api/sessions') return false;
    const { name, password, code } = body;
    if (failures >= 5) {
      failures = 0;
      return problem(response, 429, 'sign_in_delayed', 'Too many wrong attempts.', 'Wait, then try again.', { retry_after_seconds: 3 });
    }
    const user = byName(name);
    if (!user || user.disabled || user.password !== password) {
      failures += 1;
      return problem(response, 401, 'sign_in_failed', 'Name or password is wrong.', 'Check both; capitals count.');
    }
    if (user.totp && code === undefined) return problem(response, 401, 'second_factor_needed', 'A code of the second factor is needed.', 'Add it.');
    if (!second(user, code)) {
      failures += 1;
      return problem(response, 401, 'sign_in_failed', 'Name, password or code is wrong.', 'Wait for the next code.');
    }
    failures = 0;
    return open(request, response, user);
  }

  function own(route, path, body, mine, response) {
    const { user } = mine;
    const id = decodeURIComponent(path.split('/')[3] ?? '');
    if (route === 'GET /api/session') {
      return send(response, 200, { user: view(user), session: sessionView(mine, mine), second_factor: { on: user.totp !== null, since: user.since, recovery_codes_left: user.codes.length }, real_key: false });
    }
    if (route === 'DELETE /api/session') {
      sessions.delete(mine.id);
      return send(response, 200, { done: true }, out);
    }
    if (route === 'PUT /api/me/password') {
      if (user.password !== body.current) return problem(response, 401, 'sign_in_failed', 'The present password is wrong.', 'Try again; capitals count.');
      if ((body.new ?? '').length < 12) return weak(response);
      Object.assign(user, { password: body.new, must_change_password: false });
      endOthers(user, mine);
      return done(response);
    }
    if (user.must_change_password) return problem(response, 403, 'password_change_required', 'The password was given by somebody else and is good for one thing: to choose another.', 'PUT /api/me/password.');
    if (route === 'GET /api/sessions') return send(response, 200, { sessions: [...sessions.values()].filter((one) => one.user === user).map((one) => sessionView(one, mine)).reverse() });
    if (route === 'DELETE /api/sessions') {
      endOthers(user, null);
      return send(response, 200, { done: true }, out);
    }
    if (route.startsWith('DELETE /api/sessions/')) {
      sessions.forEach((one, key) => one.id.startsWith(id) && one.user === user && sessions.delete(key));
      return done(response);
    }
    if (route === 'POST /api/me/totp') {
      if (user.password !== body.password) return problem(response, 401, 'sign_in_failed', 'The password is wrong.', 'Try again; capitals count.');
      user.pending = [...randomBytes(32)].map((one) => ALPHABET[one & 31]).join('');
      return send(response, 200, { secret: user.pending, uri: `otpauth://totp/Cofferdam:${user.name}?secret=${user.pending}`, qr_svg: QR });
    }
    if (route === 'PUT /api/me/totp') {
      if (!user.pending || totp(user.pending) !== body.code) return problem(response, 400, 'code_wrong', 'The code is wrong.', 'Wait for the next code, and compare the clocks.');
      Object.assign(user, { totp: user.pending, pending: null, codes: codes(), since: now() });
      endOthers(user, mine);
      return send(response, 200, { recovery_codes: user.codes });
    }
    if (route === 'DELETE /api/me/totp') {
      Object.assign(user, { totp: null, codes: [], since: null });
      return done(response);
    }
    if (route === 'POST /api/me/recovery-codes') {
      user.codes = codes();
      return send(response, 200, { recovery_codes: user.codes });
    }
    return false;
  }

  function admin(route, path, body, mine, response) {
    const user = users.get(decodeURIComponent(path.split('/')[3] ?? ''));
    if (route === 'GET /api/users') return send(response, 200, { users: [...users.values()].map(view) });
    if (route === 'POST /api/users') {
      if (byName(body.name)) return problem(response, 409, 'name_taken', 'The name is taken.', 'Choose another name.');
      const added = put(body.name, body.password, { role: body.role, accounts: body.accounts ?? null, must_change_password: true });
      return send(response, 201, view(added));
    }
    if (route.startsWith('PATCH /api/users/') && user) {
      if (body.accounts) user.accounts = body.accounts[0] === '*' ? null : body.accounts;
      if (body.role) user.role = body.role;
      if (body.disabled !== undefined) user.disabled = body.disabled;
      endOthers(user, mine);
      return send(response, 200, view(user));
    }
    if (route.startsWith('POST /api/users/') && user) {
      const password = randomBytes(12).toString('hex');
      Object.assign(user, { password, must_change_password: true, totp: null, codes: [] });
      endOthers(user, mine);
      return send(response, 200, { user: view(user), password });
    }
    if (route === 'GET /api/keys') return send(response, 200, { keys: [...keys.values()] });
    if (route === 'POST /api/keys') {
      const id = randomBytes(4).toString('hex');
      const days = body.expires_in_days;
      const made = {
        id, name: body.name, owner: mine.user.name, scopes: body.scopes, accounts: body.accounts ?? null, addresses: body.addresses ?? [], created_at: now(),
        expires_at: days ? new Date(Date.now() + days * 86_400_000).toISOString() : null, last_used_at: null,
      };
      keys.set(id, made);
      return send(response, 201, { id, key: `cfd_${id}_${randomBytes(32).toString('hex')}`, details: made });
    }
    if (route.startsWith('DELETE /api/keys/')) {
      keys.delete(path.split('/')[3]);
      return done(response);
    }
    return false;
  }

  function answer(request, bytes, response) {
    const path = (request.url ?? '').split('?')[0];
    const route = `${request.method} ${path}`;
    let body = {};
    try {
      body = JSON.parse(bytes.toString() || '{}');
    } catch {
      // Not JSON: the desk says so.
    }
    if (path === '/api/health') return false;
    if (anonymous(route, body, request, response)) return true;
    const mine = session(request);
    if (!mine) return problem(response, 401, 'unauthorized', 'You are not signed in, or your session has ended.', 'Sign in.');
    if (route === 'POST /api/step-up') {
      if (mine.user.password !== body.password) return problem(response, 401, 'step_up_failed', 'The password is wrong.', 'Try again; capitals count.');
      if (!second(mine.user, body.code)) return problem(response, 401, 'step_up_failed', 'The code is wrong.', 'Wait for the next code.');
      const proof = randomBytes(16).toString('hex');
      proofs.set(proof, body.argument_hash);
      return send(response, 200, { proof, ends: new Date(Date.now() + 120_000).toISOString() });
    }
    if (GUARDED.some((one) => one.test(route))) {
      const hash = createHash('sha256').update(`${route}\n`).update(bytes).digest('hex');
      const proof = request.headers['step-up'];
      if (!proof || proofs.get(proof) !== hash) {
        return problem(response, 403, 'step_up_required', 'This needs your password again.', 'Confirm who you are.', {
          action: route, argument_hash: hash, factors: mine.user.totp ? ['password', 'code'] : ['password'],
        });
      }
      proofs.delete(proof);
    }
    return own(route, path, body, mine, response) || admin(route, path, body, mine, response);
  }

  return { answer, signedIn: (request) => session(request) !== undefined };
}
