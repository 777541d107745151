// Forwards /api, /metrics and /ws to a running desk, for development, screenshots and browser tests.
//
// It adds the key from the environment, so that the browser never holds one. While the desk has no
// sign-in of its own, `identity.mjs` answers those routes in its place; a desk that has them is asked.
import http from 'node:http';
import net from 'node:net';
import { identity } from './identity.mjs';

const FORWARDED = /^\/(api|metrics)(\/|$|\?)/;

/** A request handler and an upgrade handler that forward to `target`. */
export function forwarder(target, key) {
  const to = new URL(target);
  const people = identity();
  let native; // does the desk know sign-in itself?

  const hasSignIn = async () => {
    if (native === undefined) {
      native = await new Promise((resolve) => {
        http
          .get(new URL('/api/setup', to), (answer) => {
            answer.resume();
            resolve(answer.statusCode === 200);
          })
          .on('error', () => resolve(undefined));
      });
    }
    return native === true;
  };

  const headersFor = (request, own) => {
    const headers = { ...request.headers, host: to.host };
    if (headers.origin) headers.origin = to.origin;
    if (!own && key) {
      headers['x-api-key'] = key;
      delete headers.cookie;
    }
    return headers;
  };

  async function handle(request, response) {
    const own = await hasSignIn();
    const body = await new Promise((resolve) => {
      const parts = [];
      request.on('data', (part) => parts.push(part));
      request.on('end', () => resolve(Buffer.concat(parts)));
    });
    if (!own && people.answer(request, body, response)) return;
    const upstream = http.request(
      { host: to.hostname, port: to.port, method: request.method, path: request.url, headers: headersFor(request, own) },
      (answer) => {
        response.writeHead(answer.statusCode, answer.headers);
        answer.pipe(response);
      },
    );
    upstream.on('error', (error) => {
      response.writeHead(502, { 'content-type': 'application/problem+json' });
      response.end(
        JSON.stringify({
          type: 'urn:cofferdam:problem:desk_unreachable', title: 'Bad Gateway', status: 502, code: 'desk_unreachable',
          detail: `No desk answers at ${to.origin}: ${error.message}.`, remedy: 'Start it with ./run.',
        }),
      );
    });
    upstream.end(body);
  }

  async function upgrade(request, socket, head) {
    const own = await hasSignIn();
    if (!own && !people.signedIn(request)) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\n\r\n');
      return;
    }
    const upstream = net.connect(Number(to.port || 80), to.hostname, () => {
      const lines = [`${request.method} ${request.url} HTTP/1.1`];
      for (const [name, value] of Object.entries(headersFor(request, own))) lines.push(`${name}: ${value}`);
      upstream.write(lines.join('\r\n') + '\r\n\r\n');
      upstream.write(head);
      upstream.pipe(socket).pipe(upstream);
    });
    upstream.on('error', () => socket.destroy());
    socket.on('error', () => upstream.destroy());
  }

  return { matches: (url) => FORWARDED.test(url), handle, upgrade };
}

/** The same as a plug-in of the development server. */
export function proxyTo(target, key) {
  const forward = forwarder(target, key);
  return {
    name: 'cofferdam-desk',
    configureServer(server) {
      server.middlewares.use((request, response, next) => {
        if (forward.matches(request.url ?? '')) void forward.handle(request, response);
        else next();
      });
      server.httpServer?.on('upgrade', (request, socket, head) => {
        if (/^\/ws(\/|$|\?)/.test(request.url ?? '')) void forward.upgrade(request, socket, head);
      });
    },
  };
}
