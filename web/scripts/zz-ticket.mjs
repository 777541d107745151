import { signIn, start, visit } from './chromium.mjs';
const { origin, open, wrong, stop } = await start();
for (const [w, h, theme] of [[1440, 900, 'light'], [390, 844, 'dark']]) {
  const page = await open({ viewport: { width: w, height: h }, colorScheme: theme });
  await signIn(page, origin);
  await visit(page, '/trade?symbol=sim:SYN');
  await page.waitForTimeout(4000);
  await page.keyboard.press('b');
  await page.getByLabel('Size', { exact: true }).fill('20');
  await page.getByLabel('Stop', { exact: true }).fill('97');
  await page.getByText(/Would be/).waitFor();
  await page.waitForTimeout(700);
  await page.screenshot({ path: `/tmp/look/ticket-${w}.png` });
  if (w < 500) await page.getByRole('button', { name: 'Close this window' }).click();
  await page.screenshot({ path: `/tmp/look/chart-${w}.png` });
  await page.getByRole('tab', { name: /Recent/ }).click();
  await page.waitForTimeout(800);
  await page.getByLabel('Show').selectOption('blocked');
  await page.waitForTimeout(400);
  await page.screenshot({ path: `/tmp/look/blotter-${w}.png`, fullPage: w > 500 });
  const rows = page.getByRole('region', { name: 'Recent orders and blocked requests' }).getByRole('row');
  await page.getByLabel('Show').selectOption('filled');
  await rows.filter({ hasText: 'buy market' }).first().click();
  await page.waitForTimeout(1500);
  await page.screenshot({ path: `/tmp/look/inspect-${w}.png` });
  await page.keyboard.press('Escape');
  await page.waitForTimeout(300);
  await page.getByLabel('Show').selectOption('blocked');
  if (await rows.filter({ hasText: 'Blocked' }).count()) { await rows.filter({ hasText: 'Blocked' }).first().click(); await page.waitForTimeout(800); await page.screenshot({ path: `/tmp/look/refused-${w}.png` }); }
  await page.context().close();
}
await stop(); console.log(wrong.join('\n'));
