// Pictures of every page at two widths in both themes, into web/shots.
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { PAGES, signIn, start, visit } from './chromium.mjs';

const out = fileURLToPath(new URL('../shots/', import.meta.url));
mkdirSync(out, { recursive: true });
const only = process.argv[2];
const { origin, open, wrong, stop } = await start();
for (const [width, height] of [[1440, 900], [390, 844]]) {
  for (const theme of ['dark', 'light']) {
    const page = await open({ viewport: { width, height }, colorScheme: theme });
    await page.goto(origin);
    await page.getByLabel('Name').waitFor();
    if (!only) await page.screenshot({ path: `${out}signin-${width}-${theme}.png` });
    await signIn(page, origin);
    for (const path of PAGES) {
      const name = path === '/' ? 'overview' : path.slice(1).replace('?tab=', '-').replaceAll('/', '-');
      if (only && !name.startsWith(only)) continue;
      await visit(page, path);
      // Live candles take some prices.
      await page.waitForTimeout(path === '/trade' ? 3_000 : 500);
      await page.screenshot({ path: `${out}${name}-${width}-${theme}.png`, fullPage: width < 500 });
      const over = await page.evaluate(() => document.documentElement.scrollWidth - innerWidth);
      if (over > 0) wrong.push(`${path} at ${width} px is ${over} px too wide`);
    }
    await page.context().close();
  }
}
await stop();
if (wrong.length > 0) console.error(wrong.join('\n'));
process.exit(wrong.length > 0 ? 1 : 0);
