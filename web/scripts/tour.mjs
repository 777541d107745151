// The pictures of the README, into docs/images: a demo desk as a new user sees it.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { signIn, start, visit } from './chromium.mjs';

const out = fileURLToPath(new URL('../../docs/images/', import.meta.url));
mkdirSync(out, { recursive: true });
const { origin, open, wrong, stop } = await start({ sessionSeconds: 20 });
const shot = (page, name, options) => page.screenshot({ path: `${out}${name}.png`, ...options });

const page = await open({ viewport: { width: 1440, height: 900 }, colorScheme: 'dark' });
await signIn(page, origin);
await visit(page, '/trade?symbol=sim:GOOG');
const size = page.getByLabel('Size', { exact: true });
const level = page.getByLabel('Stop', { exact: true });
const card = page.getByRole('region', { name: 'Position in GOOG', exact: true });
await page.waitForTimeout(25_000);
const last = Number((await page.getByText(/^last [\d,.]+$/).first().textContent()).replace(/[^\d.]/g, ''));
await size.fill('8');
await level.fill((last * 0.95).toFixed(2));
await page.getByText('Would be allowed').waitFor();
await level.press('Enter');
await card.getByText('at broker').waitFor();
const show = page.getByRole('button', { name: /below the view/ });
if (await show.isVisible()) await show.click();
await size.fill('4');
await page.getByText('Would be allowed').waitFor();
// Until the notice has gone.
await page.waitForTimeout(9_000);
await page.evaluate(() => scrollTo(0, 0));
await shot(page, 'trade');

const phone = await open({ viewport: { width: 390, height: 844 }, colorScheme: 'light', deviceScaleFactor: 2 });
await signIn(phone, origin);
await visit(phone, '/trade?symbol=sim:GOOG');
await phone.waitForTimeout(3_000);
await shot(phone, 'phone');

// A shipped strategy over the bars that the replay has told.
const found = await page.evaluate(async () => {
  const ask = async (path, body) => {
    const headers = { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() };
    const answer = await fetch(path, body ? { method: 'POST', headers, body: JSON.stringify(body) } : {});
    if (!answer.ok) throw new Error(`${path}: ${await answer.text()}`);
    return answer.json();
  };
  const { items } = await ask('/api/strategies/examples');
  const kept = await ask('/api/strategies', { source: items.find((one) => one.file.startsWith('golden-cross')).source });
  return ask('/api/backtests', { kind: 'backtest', strategy_id: kept.id });
});
const before = page.url();
await visit(page, `/research/${found.id}`);
await page.getByRole('heading', { name: 'Key figures' }).waitFor();
await page.waitForTimeout(1_500);
await shot(page, 'research');
await visit(page, new URL(before).pathname + new URL(before).search);
await size.waitFor();

await page.setViewportSize({ width: 1440, height: 1180 });
await size.fill('5000');
await page.getByText(/Would be blocked by/).waitFor();
await page.waitForTimeout(400);
await shot(page, 'blocked');
await page.setViewportSize({ width: 1440, height: 900 });
await size.press('Escape');

await page.getByRole('tab', { name: 'Recent and blocked' }).click();
await page.getByRole('region', { name: 'Recent orders and blocked requests' }).getByRole('row').filter({ hasText: 'buy market' }).first().click();
await page.getByRole('dialog').getByText('What happened, record by record').waitFor();
await page.waitForTimeout(600);
await shot(page, 'why');
await page.keyboard.press('Escape');

await page.getByRole('button', { name: 'Close everything' }).first().click();
const hold = page.getByRole('button', { name: /Hold two seconds/ });
await hold.waitFor();
await hold.hover();
await page.mouse.down();
await page.getByText(/Everything is being closed/).first().waitFor({ timeout: 10_000 });
await page.mouse.up();
await visit(page, '/recovery');
await page.getByText('Still open').waitFor();
await page.waitForTimeout(3_000);
await shot(page, 'recovery');
await stop();
if (wrong.length > 0) console.error(wrong.join('\n'));
process.exit(wrong.length > 0 ? 1 : 0);
