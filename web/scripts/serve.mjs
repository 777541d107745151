// Serves dist as the desk will: strict Content-Security-Policy, index.html for unknown paths, and
// /api and /ws forwarded to a running desk. For screenshots and browser tests.
//
//   COFFERDAM_URL=http://127.0.0.1:3000 COFFERDAM_KEY=cfd_… npm run serve -- --port 3910
import { createReadStream, existsSync, statSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { forwarder } from './proxy.mjs';

export const CSP =
  "default-src 'self'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; " +
  "font-src 'self'; frame-ancestors 'none'; base-uri 'none'";

const TYPES = {
  '.html': 'text/html; charset=utf-8', '.js': 'text/javascript; charset=utf-8', '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml', '.json': 'application/json', '.woff2': 'font/woff2', '.png': 'image/png',
};
const dist = fileURLToPath(new URL('../dist', import.meta.url));

/** Starts the server and resolves with it and its address. */
export function serve({ port = 0, target, key }) {
  const forward = forwarder(target, key);
  const server = http.createServer((request, response) => {
    const url = request.url ?? '/';
    if (forward.matches(url)) return void forward.handle(request, response);
    const wanted = path.normalize(path.join(dist, decodeURIComponent(url.split('?')[0])));
    const inside = wanted === dist || wanted.startsWith(dist + path.sep);
    const isFile = inside && existsSync(wanted) && statSync(wanted).isFile();
    if (!isFile && url.startsWith('/assets/')) {
      response.writeHead(404).end();
      return;
    }
    const file = isFile ? wanted : path.join(dist, 'index.html');
    response.writeHead(200, {
      'content-type': TYPES[path.extname(file)] ?? 'application/octet-stream',
      'content-security-policy': CSP,
      'x-content-type-options': 'nosniff',
      'referrer-policy': 'no-referrer',
      'cache-control': url.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
    });
    createReadStream(file).pipe(response);
  });
  server.on('upgrade', (request, socket, head) => {
    if (/^\/ws(\/|$|\?)/.test(request.url ?? '')) void forward.upgrade(request, socket, head);
    else socket.destroy();
  });
  return new Promise((resolve) => {
    server.listen(port, '127.0.0.1', () => resolve({ server, origin: `http://127.0.0.1:${server.address().port}` }));
  });
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const at = process.argv.indexOf('--port');
  const { origin } = await serve({
    port: at > 0 ? Number(process.argv[at + 1]) : 3910,
    target: process.env['COFFERDAM_URL'] ?? 'http://127.0.0.1:3000',
    key: process.env['COFFERDAM_KEY'],
  });
  console.log(`dist is served on ${origin}`);
}
