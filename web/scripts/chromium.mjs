// Chromium on a demo desk of its own, for browser tests and screenshots.
import { existsSync } from 'node:fs';
import { chromium } from 'playwright-core';
import { desk } from './desk.mjs';

export const USER = { name: 'ann', password: 'copper wagon lantern drift' };
export const PAGES = [
  '/', '/trade', '/approvals', '/strategies', '/strategies/new', '/research', '/research/new', '/performance', '/performance?tab=trips', '/performance?tab=lots', '/performance?tab=cash', '/data', '/audit', '/recovery',
  '/settings', ...['books', 'limits', 'people', 'keys', 'security', 'display'].map((tab) => `/settings?tab=${tab}`),
];

const executable = () =>
  [process.env['CHROMIUM'], '/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'].find((file) => file && existsSync(file));

/** Starts desk and browser; `wrong` gathers console errors, page errors and CSP reports. */
export async function start({ user = true, sessionSeconds } = {}) {
  const running = await desk({ user: user ? USER : undefined, sessionSeconds });
  const browser = await chromium.launch({ executablePath: executable(), args: ['--no-sandbox', '--disable-dev-shm-usage'] });
  const wrong = [];
  const open = async (options = {}) => {
    const context = await browser.newContext({ viewport: { width: 1440, height: 900 }, ...options });
    await context.addInitScript(() => {
      addEventListener('securitypolicyviolation', (event) => console.error(`CSP: ${event.violatedDirective} ${event.blockedURI} ${event.sample}`));
    });
    const page = await context.newPage();
    // A refusal that the page expects is also written to the console by the browser.
    page.on('console', (line) => {
      if (line.type() === 'error' && !/status of (400|401|403|404|409|422|429)/.test(line.text())) wrong.push(`${page.url()}: ${line.text()}`);
    });
    page.on('pageerror', (error) => wrong.push(`${page.url()}: ${error.message}`));
    // Nothing may be asked of another host.
    page.on('request', (request) => {
      const { protocol, origin } = new URL(request.url());
      if (/^(http|ws)/.test(protocol) && origin.replace(/^ws/, 'http') !== running.origin) wrong.push(`${page.url()} asked ${request.url()}`);
    });
    return page;
  };
  const stop = async () => {
    await browser.close();
    await running.stop();
  };
  return { browser, desk: running, origin: running.origin, open, wrong, stop };
}

export async function signIn(page, origin) {
  await page.goto(origin);
  await page.getByLabel('Name').fill(USER.name);
  await page.getByLabel('Password').fill(USER.password);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByText('Equity').first().waitFor();
}

/** Goes to a screen without a load and waits until it has settled. */
export async function visit(page, path) {
  await page.evaluate((to) => {
    history.pushState(null, '', to);
    dispatchEvent(new PopStateEvent('popstate'));
  }, path);
  await page.locator('main h1').first().waitFor({ state: 'attached' });
  await page.waitForTimeout(700);
}
