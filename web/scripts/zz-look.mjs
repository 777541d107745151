import { signIn, start, visit } from './chromium.mjs';
const { origin, open, wrong, stop } = await start();
const want = process.argv.slice(2);
for (const [w, h] of [[1440, 900], [390, 844]]) for (const theme of ['dark', 'light']) {
  const page = await open({ viewport: { width: w, height: h }, colorScheme: theme });
  await signIn(page, origin);
  for (const [name, path] of [['overview', '/'], ['ibm', '/trade?symbol=sim:IBM'], ['syn', '/trade?symbol=sim:SYN']]) {
    if (want.length && !want.includes(name)) continue;
    await visit(page, path);
    await page.waitForTimeout(name === 'syn' ? 9000 : 2500);
    await page.screenshot({ path: `/tmp/look/${name}-${w}-${theme}.png`, fullPage: true });
    const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
    if (over > 0) wrong.push(`${path} ${w}: ${over} too wide`);
  }
  await page.context().close();
}
await stop(); console.log(wrong.join('\n'));
