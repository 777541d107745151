// A demo desk of its own: the program itself, in a folder that is thrown away, on a free port.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';

const STARTS_WITHIN_MS = 60_000;
const program = process.env['COFFERDAM_BIN'] ?? new URL('../../target/release/cofferdam', import.meta.url).pathname;

function freePort() {
  return new Promise((resolve, reject) => {
    const probe = net.createServer().once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address();
      probe.close(() => resolve(port));
    });
  });
}

/** Starts one; `user` makes the first admin at once, as the set-up page would. */
export async function desk({ user, sessionSeconds = 20 } = {}) {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'cofferdam-browser-'));
  const port = await freePort();
  const origin = `http://127.0.0.1:${port}`;
  let child;
  let said = '';

  async function start() {
    child = spawn(program, ['--data-dir', dir, 'up', '--demo', '--listen', `127.0.0.1:${port}`, '--session-seconds', String(sessionSeconds)]);
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (part) => (said += part));
    const until = Date.now() + STARTS_WITHIN_MS;
    for (;;) {
      const up = await fetch(`${origin}/api/health`).then((answer) => answer.ok, () => false);
      if (up) return;
      if (child.exitCode !== null || Date.now() > until) throw new Error(`The desk did not start:\n${said}`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
  }

  async function end(signal = 'SIGTERM') {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  }

  // A test that fails leaves neither a process nor a folder.
  process.once('exit', () => {
    child?.kill('SIGKILL');
    rmSync(dir, { recursive: true, force: true });
  });
  await start();
  const token = () => readFileSync(path.join(dir, 'setup.token'), 'utf8').trim();
  if (user) {
    const answer = await fetch(`${origin}/api/setup`, {
      method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ token: token(), ...user }),
    });
    if (answer.status !== 201) throw new Error(`The set-up failed: ${await answer.text()}`);
  }
  return {
    origin, port, dir, token, log: () => said,
    /** Kills it as a crash would and starts it again on the same folder. */
    async crash() {
      await end('SIGKILL');
      await start();
    },
    async stop() {
      await end();
      rmSync(dir, { recursive: true, force: true });
    },
  };
}
