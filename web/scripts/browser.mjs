// The dashboard in Chromium against a running demo desk, under the desk's Content-Security-Policy:
// first run, sign-in, every page without a console error and accessible (WCAG A and AA), an order,
// the stop control and the release with a step-up.
import { mkdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';
import { fileURLToPath } from 'node:url';
import { PAGES, signIn, start, USER, visit } from './chromium.mjs';
import { hostile } from './hostile.mjs';
import { research } from './research.mjs';
import { screens } from './screens.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const shots = fileURLToPath(new URL('../shots/', import.meta.url));
const violations = [];

async function accessible(page, name) {
  // Evaluated by the debugger, so that the page's policy need not allow it.
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  for (const one of found.violations) {
    violations.push(`${name}: ${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} (${node.any[0]?.message ?? one.help})`).join(' | ')}`);
  }
}

/** The browser that is looked at; a step that fails leaves a picture of each of its pages. */
let looking;
async function step(text, what) {
  const began = Date.now();
  try {
    await what();
  } catch (error) {
    console.error(`FAILED  ${text}`);
    mkdirSync(shots, { recursive: true });
    const pages = looking.contexts().flatMap((context) => context.pages());
    for (const [n, page] of pages.entries()) await page.screenshot({ path: `${shots}failed-${n}.png` });
    throw error;
  }
  console.log(`ok  ${text} (${Date.now() - began} ms)`);
}

/** Tries again what a chart that moves with the market can foil; the caller waits for the outcome. */
async function again(done, what) {
  for (let n = 0; n < 10 && !(await done()); n += 1) await what().catch(() => undefined);
}

const first = await start({ user: false });
looking = first.browser;
await step('first run: token from the link, person, preset, account', async () => {
  const page = await first.open();
  const token = first.desk.token();
  await page.goto(`${first.origin}/#setup=${token}`);
  await page.getByLabel('Set-up token').waitFor();
  assert.equal(await page.getByLabel('Set-up token').inputValue(), token);
  assert.ok(!page.url().includes(token), 'the token stays in the address');
  await page.getByLabel('Your name').fill(USER.name);
  await page.getByLabel('Password', { exact: true }).fill('short');
  await page.getByText('Shorter than 12 characters.').waitFor();
  await page.getByLabel('Password', { exact: true }).fill(USER.password);
  await page.getByLabel('The same password').fill(USER.password);
  await accessible(page, 'set-up 1');
  await page.getByRole('button', { name: 'Create and sign in' }).click();
  await page.getByText('What do you trade?').waitFor();
  await page.getByText('Futures in layers.').waitFor();
  await accessible(page, 'set-up 2');
  await page.getByRole('button', { name: 'Next' }).click();
  await page.getByRole('checkbox').uncheck();
  await accessible(page, 'set-up 3');
  await page.getByRole('button', { name: 'Begin' }).click();
  await page.getByText('Risk used').waitFor();
});
await first.stop();

const { browser, desk, origin, open, wrong, stop } = await start();
looking = browser;
const page = await open();
await step('sign-in refuses a wrong password and keeps the name', async () => {
  await page.goto(`${origin}/performance`);
  await page.getByLabel('Name').fill(USER.name);
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('The name, the password or the code is wrong.').waitFor();
  assert.equal(await page.getByLabel('Name').inputValue(), USER.name);
  await accessible(page, 'sign-in');
});
await step('sign-in', () => signIn(page, origin));
await step('the socket is up', () => page.getByRole('button', { name: 'Connection: Connected' }).first().waitFor());
for (const theme of ['dark', 'light']) {
  await step(`every page is accessible, ${theme}`, async () => {
    await page.evaluate((value) => (document.documentElement.dataset.theme = value), theme);
    for (const path of PAGES) {
      await visit(page, path);
      await accessible(page, `${path} ${theme}`);
    }
  });
}
await step('keys: palette, help, screens', async () => {
  await page.keyboard.press('Control+k');
  await page.getByRole('combobox', { name: 'Screen, symbol or action' }).fill('audit');
  await accessible(page, 'palette');
  await page.keyboard.press('Enter');
  await page.waitForURL('**/audit');
  await page.keyboard.press('?');
  await page.getByText('No single key trades').waitFor();
  await page.keyboard.press('Escape');
  await page.keyboard.press('g');
  await page.keyboard.press('o');
  await page.waitForURL((url) => url.pathname === '/');
});
// The same on a screen and on a phone, where the ticket is a sheet.
for (const width of [1440, 390]) {
  await step(`a trade from ticket to flat at ${width} px`, () => trade(width));
}

async function trade(width) {
  const phone = width < 1024;
  const card = page.getByRole('region', { name: 'Position in BTC-PERP', exact: true });
  const size = page.getByLabel('Size', { exact: true });
  await page.setViewportSize({ width, height: phone ? 844 : 900 });
  await visit(page, '/trade?symbol=sim:BTC-PERP');
  // What an earlier pass left is closed first.
  await card.getByText(/Nothing of BTC-PERP is held|book manual/).first().waitFor();
  if (await card.getByRole('button', { name: 'Close 100 %' }).isVisible()) {
    await card.getByRole('button', { name: 'Close 100 %' }).click();
    await card.getByRole('button', { name: 'Close 100 % now' }).click();
  }
  await card.getByText('Nothing of BTC-PERP is held').waitFor();
  const last = Number((await page.getByText(/^last [\d,.]+$/).first().textContent()).replace(/[^\d.]/g, ''));

  // By key, and on a phone by the bar at the bottom.
  if (phone) await page.getByRole('group', { name: 'Open the order ticket' }).getByRole('button', { name: 'Buy' }).click();
  else await page.keyboard.press('b');
  await page.waitForFunction(() => document.activeElement?.closest('[data-ticket-size]'));
  await size.fill('0.04');
  await page.getByLabel('Stop', { exact: true }).fill(String(Math.round(last * 0.985)));
  await page.getByText('Would be allowed').waitFor();
  await page.getByText('Risk to stop').waitFor();
  await accessible(page, `ticket allowed ${width}`);
  await page.getByLabel('Stop', { exact: true }).press('Enter');
  await page.getByText(/Buy BTC-PERP: filled/).waitFor();
  await card.getByText('Long 0.04').waitFor();
  await card.getByText('at broker').waitFor();
  const stopLine = page.getByRole('slider', { name: 'Move: stop' });
  const show = page.getByRole('button', { name: /below the view/ });
  await stopLine.or(show).first().waitFor();
  // The scale may reach the line by itself while the button is pressed: then there is no button any more.
  await again(() => stopLine.isVisible(), () => show.click({ timeout: 1_000 }));
  await stopLine.waitFor();
  await accessible(page, `position ${width}`);

  // The stop moves by key or by hand, and only after a second press.
  const before = await stopLine.getAttribute('aria-valuetext');
  const proposed = page.getByText(/This tightens the stop: .* USD less can be lost/);
  // With each price the scale may move the handle away from where it was just seen.
  await again(() => proposed.isVisible(), async () => {
    if (phone) {
      await stopLine.press('Shift+ArrowUp');
    } else {
      const box = await stopLine.boundingBox();
      await page.mouse.move(box.x + 20, box.y + box.height / 2);
      await page.mouse.down();
      await page.mouse.move(box.x + 20, box.y + box.height / 2 - 15, { steps: 4 });
      await page.mouse.up();
    }
    await proposed.waitFor({ timeout: 3_000 });
  });
  await proposed.waitFor();
  await accessible(page, `stop proposed ${width}`);
  await page.getByRole('button', { name: 'Move the stop' }).click();
  await page.getByText(/BTC-PERP: stop .* → /).waitFor();
  await page.waitForFunction((old) => [...document.querySelectorAll('[role=slider]')].some((one) => one.getAttribute('aria-valuetext') !== old), before);

  // Too large: blocked before it is sent, with the largest size.
  if (phone) await page.getByRole('group', { name: 'Open the order ticket' }).getByRole('button', { name: 'Buy' }).click();
  await size.fill('5000');
  await page.getByText(/Would be blocked by/).waitFor();
  assert.ok(await page.getByRole('button', { name: /^Buy BTC-PERP/ }).isDisabled());
  await accessible(page, `ticket blocked ${width}`);
  await page.getByRole('button', { name: /Use the maximum/ }).click();
  assert.notEqual(await size.inputValue(), '5000');
  await page.getByText('Would be allowed').waitFor();
  await size.press('Escape');
  if (phone) await size.waitFor({ state: 'detached' });
  else assert.equal(await size.inputValue(), '');

  // Half of it, then the rest.
  await card.getByRole('button', { name: 'Close 50 %' }).click();
  await card.getByText(/At the market: sell 0.02 BTC-PERP/).waitFor();
  await card.getByRole('button', { name: 'Close 50 % now' }).click();
  await card.getByText('Long 0.02').waitFor();
  await card.getByRole('button', { name: 'Close 100 %' }).click();
  await card.getByRole('button', { name: 'Close 100 % now' }).click();
  await card.getByText('Nothing of BTC-PERP is held').waitFor();

  // Why it happened.
  await page.getByRole('tab', { name: 'Recent and blocked' }).click();
  await page.getByRole('region', { name: 'Recent orders and blocked requests' }).getByRole('row').filter({ hasText: 'BTC-PERP' }).first().click();
  const drawer = page.getByRole('dialog');
  await drawer.getByText('What happened, record by record').waitFor();
  await drawer.getByText(/Allowed as/).first().waitFor();
  await drawer.getByRole('button', { name: 'Check the chain of these records' }).click();
  await drawer.getByText('sound', { exact: true }).waitFor();
  await accessible(page, `why ${width}`);
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'hidden' });
  await page.setViewportSize({ width: 1440, height: 900 });
}
for (const width of [1440, 390]) {
  await step(`a stop fills by itself and tells who, why and under which hash, at ${width} px`, () => stopped(width));
}

async function stopped(width) {
  const phone = width < 1024;
  const card = page.getByRole('region', { name: 'Position in BTC-PERP', exact: true });
  const flat = card.getByText('Nothing of BTC-PERP is held');
  const last = async () => Number((await page.getByText(/^last [\d,.]+$/).first().textContent()).replace(/[^\d.]/g, ''));
  await page.setViewportSize({ width, height: phone ? 844 : 900 });
  await visit(page, '/trade?symbol=sim:BTC-PERP');
  await flat.waitFor();
  if (phone) await page.getByRole('group', { name: 'Open the order ticket' }).getByRole('button', { name: 'Buy' }).click();
  await page.getByLabel('Size', { exact: true }).fill('0.04');
  await page.getByLabel('Stop', { exact: true }).fill(((await last()) * 0.999).toFixed(1));
  await page.getByText('Would be allowed').waitFor();
  await page.getByLabel('Stop', { exact: true }).press('Enter');
  await card.getByText('Long 0.04').waitFor();
  await card.getByText('at broker').waitFor();
  // The price wanders; the stop goes after it until they meet.
  for (let n = 0; n < 20 && !(await flat.isVisible()); n += 1) {
    const stop = ((await last()) - 2).toFixed(1);
    const { positions } = await (await page.request.get(`${origin}/api/positions`)).json();
    const mine = positions.find((one) => one.book === 'manual' && one.symbol === 'sim:BTC-PERP');
    // Beside the page: a price that has fallen below the new stop meanwhile is refused, and that is no fault.
    if (mine && Number(mine.stop) < Number(stop)) {
      const headers = { Origin: origin, 'Idempotency-Key': crypto.randomUUID() };
      const moved = await page.request.put(`${origin}/api/positions/${mine.id}/protection`, { headers, data: { stop } });
      assert.ok([200, 400, 404, 409, 422].includes(moved.status()), await moved.text());
    }
    await flat.waitFor({ timeout: 5_000 }).catch(() => undefined);
  }
  await flat.waitFor();
  await page.getByRole('tab', { name: 'Recent and blocked' }).click();
  const orders = page.getByRole('region', { name: 'Recent orders and blocked requests' });
  await orders.getByRole('row').filter({ hasText: 'BTC-PERP' }).filter({ hasText: 'sell stop' }).filter({ hasText: 'Filled' }).first().click();
  const drawer = page.getByRole('dialog');
  for (const part of ['Who asked', 'What the gate said', 'What happened, record by record']) await drawer.getByText(part).waitFor();
  assert.match(await drawer.textContent(), /no\. \d+ · Order recorded · \s*[0-9a-f]{8,}/);
  await drawer.getByRole('button', { name: 'Check the chain of these records' }).click();
  await drawer.getByText('sound', { exact: true }).waitFor();
  await accessible(page, `why a stop filled ${width}`);
  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'hidden' });
  await page.setViewportSize({ width: 1440, height: 900 });
}
await step('a position for what follows', async () => {
  await visit(page, '/trade?symbol=sim:SYN');
  await page.getByLabel('Size', { exact: true }).fill('2');
  await page.getByText('Would be allowed').waitFor();
  await page.getByRole('button', { name: /^Buy SYN/ }).click();
  await page.getByText(/Buy SYN: /).waitFor();
  await page.getByRole('region', { name: 'Position in SYN', exact: true }).getByText('manual').first().waitFor();
});
await screens({ page, open, origin, step, accessible });
await research({ page, step, accessible });
await step('a page of another origin can do nothing', () => hostile({ page, origin }));
await step('pause with one tap, banner, release with a step-up', async () => {
  await page.getByRole('button', { name: 'Pause entries' }).first().click();
  await page.getByText(/Entries are paused since/).waitFor();
  await visit(page, '/recovery');
  await accessible(page, 'recovery stopped');
  await page.getByLabel(/Type/).fill('release');
  await page.locator('main').getByRole('button', { name: 'Release' }).click();
  await page.getByText('Confirm that it is you').waitFor();
  await accessible(page, 'step-up');
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('The name, the password or the code is wrong.').waitFor();
  await page.getByLabel('Password').fill(USER.password);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('Nothing is stopped').waitFor();
  await page.getByRole('heading', { name: 'What to resume' }).waitFor();
  await accessible(page, 'recovery released');
});
await step('close everything: lists positions, a tap does nothing, holding closes', async () => {
  await page.getByRole('button', { name: 'Close everything' }).first().click();
  const hold = page.getByRole('button', { name: /Hold two seconds/ });
  await hold.waitFor();
  await page.getByRole('dialog').getByText('SYN').first().waitFor();
  await accessible(page, 'close everything');
  await hold.click();
  await page.waitForTimeout(300);
  assert.ok(await hold.isVisible());
  await hold.hover();
  await page.mouse.down();
  await page.getByText('Keep holding').waitFor();
  await page.getByText(/Everything is being closed/).first().waitFor({ timeout: 10_000 });
  await page.mouse.up();
  await visit(page, '/recovery');
  await page.getByText('Still open').waitFor();
  await page.getByText('Closes not done').waitFor();
  await accessible(page, 'recovery after close everything');
  await page.getByLabel(/Type/).fill('release');
  await page.locator('main').getByRole('button', { name: 'Release' }).click();
  await page.getByLabel('Password').fill(USER.password);
  await page.getByRole('button', { name: 'Confirm' }).click();
  await page.getByText('Nothing is stopped').waitFor({ timeout: 15_000 });
});
await step('an ended session asks again and keeps what was typed', async () => {
  await visit(page, '/trade?symbol=sim:SYN');
  await page.getByLabel('Size', { exact: true }).fill('7');
  await page.context().clearCookies();
  await page.getByText('Your session has ended').first().waitFor({ timeout: 15_000 });
  await accessible(page, 'session ended');
  await page.getByRole('dialog').getByLabel('Password').fill(USER.password);
  await page.getByRole('dialog').getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('dialog').waitFor({ state: 'detached' });
  assert.equal(await page.getByLabel('Size', { exact: true }).inputValue(), '7');
});
await step('kill -9 and start: the same books, the same session', async () => {
  const books = () => page.evaluate(async () => (await (await fetch('/api/positions')).json()).positions.map((one) => [one.id, one.qty]).sort());
  await visit(page, '/');
  const before = await books();
  const clean = wrong.length;
  await desk.crash();
  await page.getByRole('button', { name: 'Connection: Connected' }).first().waitFor({ timeout: 30_000 });
  // While there is no desk, the browser says so in the console.
  const other = wrong.splice(clean).filter((line) => !/ERR_CONNECTION_(REFUSED|RESET)/.test(line));
  wrong.push(...other);
  const mine = (all) => all.filter(([id]) => id.includes('.manual.'));
  assert.deepEqual(mine(await books()), mine(before));
});
await step('sign-out', async () => {
  await page.getByRole('button', { name: 'Sign out' }).first().click();
  await page.getByRole('heading', { name: 'Sign in' }).waitFor();
});
await stop();
const faults = [...first.wrong, ...wrong, ...violations];
if (faults.length > 0) {
  console.error(faults.join('\n'));
  process.exit(1);
}
console.log('no console error, no policy violation, no accessibility violation');
