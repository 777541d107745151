// What a page of another origin can do to a desk in which somebody is signed in: nothing. It runs
// in the same browser, in the next tab, and tries what pages can: forms, fetches, sockets, frames.
import assert from 'node:assert/strict';
import http from 'node:http';

/** A server of another origin on this machine, with an empty page. */
async function elsewhere() {
  const server = http.createServer((_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end('<title>elsewhere</title><body></body>'));
  await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address();
  return { server, pages: [`http://localhost:${port}/`, `http://127.0.0.1:${port}/`] };
}

const ORDER = { account: 'demo', symbol: 'sim:SYN', side: 'buy', quantity: '1' };

/** Everything is tried in the page; what comes back is what the page could learn. */
function attack([desk, order]) {
  const told = async (what) => {
    try {
      return await what();
    } catch (error) {
      return `refused: ${error.name}`;
    }
  };
  const ask = (path, options) => told(async () => (await fetch(desk + path, { credentials: 'include', ...options })).status);
  const blind = (path, type, body) => told(async () => (await fetch(desk + path, { method: 'POST', mode: 'no-cors', credentials: 'include', headers: { 'Content-Type': type }, body })).type);
  const socket = () =>
    new Promise((resolve) => {
      const one = new WebSocket(desk.replace('http', 'ws') + '/ws');
      one.onmessage = () => resolve('told something');
      one.onclose = one.onerror = () => resolve('refused');
    });
  const form = () =>
    new Promise((resolve) => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      frame.name = 'away';
      const made = document.body.appendChild(document.createElement('form'));
      Object.assign(made, { action: `${desk}/api/kill`, method: 'post', target: 'away', enctype: 'text/plain' });
      const field = made.appendChild(document.createElement('input'));
      Object.assign(field, { name: '{"level":"halt","reason":"', value: '"}' });
      made.submit();
      setTimeout(resolve, 800);
    });
  const framed = () =>
    new Promise((resolve) => {
      const frame = document.body.appendChild(document.createElement('iframe'));
      frame.onload = () => resolve(told(async () => frame.contentDocument?.body?.textContent ?? 'nothing'));
      frame.src = desk;
      setTimeout(() => resolve('nothing'), 2_000);
    });
  return (async () => ({
    reads: [await ask('/api/accounts'), await ask('/api/session'), await ask('/api/orders')],
    writes: [
      await ask('/api/orders', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(order) }),
      await ask('/api/kill', { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: '{"level":"flatten"}' }),
      await ask('/api/session', { method: 'DELETE' }),
    ],
    blind: [
      await blind('/api/orders', 'text/plain', JSON.stringify(order)),
      await blind('/api/kill', 'text/plain', '{"level":"flatten"}'),
    ],
    form: await form(),
    socket: await socket(),
    framed: await framed(),
  }))();
}

export async function hostile({ page, origin }) {
  const { server, pages } = await elsewhere();
  const own = () => page.evaluate(async () => (await (await fetch('/api/orders?state=all')).json()).orders.filter((one) => one.origin.principal === 'ann').length);
  const stopped = () => page.evaluate(async () => (await (await fetch('/api/desk')).json()).kill);
  const [before, killed] = [await own(), JSON.stringify(await stopped())];
  for (const address of pages) {
    const tab = await page.context().newPage();
    await tab.goto(address);
    const found = await tab.evaluate(attack, [origin, ORDER]);
    for (const answer of [...found.reads, ...found.writes]) assert.equal(answer, 'refused: TypeError', `${address}: ${JSON.stringify(found)}`);
    assert.equal(found.socket, 'refused', address);
    assert.ok(!/Cofferdam|Equity/.test(found.framed ?? ''), `${address}: ${found.framed}`);
    await tab.close();
  }
  assert.equal(await own(), before, 'an order was placed from elsewhere');
  assert.equal(JSON.stringify(await stopped()), killed, 'the kill switch was pulled from elsewhere');
  const session = await page.evaluate(async () => (await fetch('/api/session')).status);
  assert.equal(session, 200, 'the session was ended from elsewhere');
  server.closeAllConnections();
  server.close();
}
