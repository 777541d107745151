// The dashboard in Chromium against a running demo desk, under the desk's Content-Security-Policy:
// first run, sign-in, every page without a console error and accessible (WCAG A and AA), an order,
// the stop control and the release with a step-up.
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import assert from 'node:assert/strict';
import { PAGES, signIn, start, USER, visit } from './chromium.mjs';
import { screens } from './screens.mjs';

const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
const violations = [];

async function accessible(page, name) {
  // Evaluated by the debugger, so that the page's policy need not allow it.
  await page.evaluate(axe);
  const found = await page.evaluate(() => globalThis.axe.run(document, { runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa'] }));
  for (const one of found.violations) {
    violations.push(`${name}: ${one.id}: ${one.nodes.slice(0, 3).map((node) => `${node.target.join(' ')} (${node.any[0]?.message ?? one.help})`).join(' | ')}`);
  }
}

async function step(text, what) {
  const began = Date.now();
  await what();
  console.log(`ok  ${text} (${Date.now() - began} ms)`);
}

const first = await start({ user: false });
await step('first run: token from the link, person, preset, account', async () => {
  const page = await first.open();
  await page.goto(`${first.origin}/#setup=demo`);
  await page.getByLabel('Set-up token').waitFor();
  assert.equal(await page.getByLabel('Set-up token').inputValue(), 'demo');
  assert.ok(!page.url().includes('demo'), 'the token stays in the address');
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

const { origin, open, wrong, stop } = await start();
const page = await open();
await step('sign-in refuses a wrong password and keeps the name', async () => {
  await page.goto(`${origin}/performance`);
  await page.getByLabel('Name').fill(USER.name);
  await page.getByLabel('Password').fill('wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Name or password is wrong.').waitFor();
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
await step('an order is previewed, blocked with the largest size, then placed', async () => {
  await visit(page, '/trade?symbol=sim:SYN');
  await page.getByLabel('Size', { exact: true }).fill('5000');
  await page.getByText(/Blocked by/).waitFor();
  await accessible(page, 'ticket blocked');
  await page.getByLabel('Size', { exact: true }).fill('2');
  await page.getByText('would allow it').waitFor();
  await page.getByRole('button', { name: 'Buy SYN' }).click();
  await page.getByText(/Buy SYN: /).waitFor();
  await page.getByRole('region', { name: 'Open positions' }).getByText('manual').waitFor();
});
await screens({ page, open, origin, step, accessible });
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
  await page.getByText('The password is wrong.').waitFor();
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
