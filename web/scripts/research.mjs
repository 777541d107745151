// Steps of Strategies and Research: a typo is found and mended, kept over a reload, saved, tried over
// history, swept, and two runs are compared. Against the desk itself.
import assert from 'node:assert/strict';
import { visit } from './chromium.mjs';

const NAME = 'Browser cross';

/** Waits for the desk's check of what is written. */
const sound = (page) => page.getByText(/^Sound/).waitFor();

async function write({ page, step, accessible }) {
  const area = page.getByLabel('Source of the strategy');
  await step('strategies: begins from an example; a typo is found at its place, and mended by its remedy', async () => {
    await visit(page, '/strategies');
    await page.getByRole('button', { name: 'New strategy …' }).first().click();
    await page.getByRole('dialog').getByRole('button', { name: /^Moving average crossover/ }).waitFor();
    await accessible(page, 'new strategy');
    await page.getByRole('dialog').getByRole('button', { name: /^Moving average crossover/ }).click();
    await sound(page);
    const source = (await area.inputValue()).replace(/^name = .*$/m, `name = "${NAME}"`);
    const typo = source.replace('sma(close, fast)', 'smaa(close, fast)');
    await area.fill(typo);
    const fault = page.getByRole('list', { name: 'Faults' }).getByRole('button').first();
    await fault.getByText('Did you mean').waitFor();
    await accessible(page, 'strategy with a fault');
    await fault.click();
    const [from, to] = await area.evaluate((one) => [one.selectionStart, one.selectionEnd]);
    assert.equal(typo.slice(from, to), 'smaa', 'the fault does not lead to its place');
    await page.keyboard.type('sma');
    await sound(page);
    assert.equal(await area.inputValue(), source);
  });
  await step('strategies: the function at the caret is explained, names are completed by key', async () => {
    await page.getByRole('region', { name: 'The function at the caret' }).getByText('Simple moving average').waitFor();
    const source = await area.inputValue();
    await area.evaluate((one) => one.setSelectionRange(one.value.indexOf('2 * atr'), one.value.indexOf('2 * atr')));
    await page.keyboard.type('max(highe');
    await page.getByRole('listbox', { name: 'What could stand here' }).getByRole('option', { name: /^highest / }).waitFor();
    await accessible(page, 'completion');
    await page.keyboard.press('Enter');
    assert.ok((await area.inputValue()).includes('"max(highest()2 * atr'), 'the completion is not written');
    await area.fill(source);
    await sound(page);
  });
  await step('strategies: what was typed survives a reload, and is saved', async () => {
    await page.reload();
    await page.goto(new URL('/strategies/new', page.url()).href);
    await page.getByText('which was not saved').waitFor();
    await sound(page);
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByText('revision 1', { exact: true }).waitFor();
    await page.getByRole('tab', { name: 'Parameters and rules' }).click();
    await page.getByRole('region', { name: 'Parameters', exact: true }).getByText('slow').waitFor();
    await accessible(page, 'strategy');
  });
}

async function backtest({ page, step, accessible }) {
  await step('research: a backtest of the strategy shows its figures, trades and assumptions', async () => {
    await page.getByRole('button', { name: 'Backtest', exact: true }).click();
    await page.getByRole('list', { name: 'Stored bars' }).getByText(/bars of 1d/).waitFor();
    await page.getByLabel('Fee, share of value').fill('x');
    await page.getByText('Write a number').first().waitFor();
    await page.getByLabel('Fee, share of value').fill('2');
    await page.getByRole('button', { name: 'Start the backtest' }).click();
    // What the desk refuses stands at its field, which has the focus.
    await page.getByText('Must be 0 to 0.1.').waitFor();
    await page.locator('[aria-invalid="true"]:focus').waitFor();
    await accessible(page, 'research form, a field refused');
    await page.keyboard.press('Control+A');
    await page.keyboard.type('0.001');
    await page.getByText('Must be 0 to 0.1.').waitFor({ state: 'detached' });
    await accessible(page, 'research form');
    await page.getByRole('button', { name: 'Start the backtest' }).click();
    await page.getByRole('heading', { name: 'Key figures' }).waitFor({ timeout: 60_000 });
    await page.getByRole('img', { name: /^Equity from 10,000\.00 USD/ }).waitFor();
    await accessible(page, 'backtest');
    const pointer = page.getByRole('slider', { name: 'Point in time' });
    const last = await pointer.getAttribute('aria-valuetext');
    await pointer.focus();
    await page.keyboard.press('ArrowLeft');
    assert.notEqual(await pointer.getAttribute('aria-valuetext'), last, 'the chart is not read by key');
    for (const [tab, text] of [['Trades', 'Where it comes from'], ['Distributions', 'The same trades in another order'], ['Assumptions and figures', 'What was assumed']]) {
      await page.getByRole('tab', { name: tab }).click();
      await page.getByRole('heading', { name: text }).waitFor();
      await accessible(page, `backtest, ${tab}`);
    }
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('link', { name: 'Report (HTML)' }).click()]);
    assert.match(file.suggestedFilename(), /\.html$/);
  });
}

async function sweep({ page, step, accessible }) {
  await step('research: a sweep says how much is luck, and its map is walked by key', async () => {
    await page.getByRole('link', { name: 'Change and run again' }).click();
    await page.getByRole('radio', { name: /^Sweep/ }).check();
    for (const [name, values] of [['fast', ['5', '15', '5']], ['slow', ['20', '40', '10']]]) {
      const group = page.getByRole('group', { name: `Values of ${name}` });
      for (const [n, label] of ['From', 'To', 'Step'].entries()) await group.getByLabel(label, { exact: true }).fill(values[n]);
    }
    await page.getByText('9 sets are tried').waitFor();
    await accessible(page, 'sweep form');
    await page.getByRole('button', { name: 'Start the sweep' }).click();
    await page.getByText('probability that the best set is more than luck').waitFor({ timeout: 120_000 });
    const map = page.getByRole('grid');
    assert.equal(await map.getByRole('gridcell').count(), 9);
    await accessible(page, 'sweep');
    await map.getByRole('gridcell', { name: /best set/ }).focus();
    await page.keyboard.press('ArrowLeft');
    await page.keyboard.press('ArrowUp');
    await page.getByRole('link', { name: 'Backtest this set' }).last().click();
    await page.getByRole('radio', { name: /^Backtest/, checked: true }).waitFor();
    await page.getByRole('button', { name: 'Start the backtest' }).click();
    await page.getByRole('heading', { name: 'Key figures' }).waitFor({ timeout: 60_000 });
  });
  await step('research: two runs are compared; a look-ahead check says that no rule looks ahead', async () => {
    await visit(page, '/research');
    const boxes = page.getByRole('checkbox', { name: new RegExp(`^Compare ${NAME}`) });
    await boxes.nth(0).check();
    await boxes.nth(1).check();
    await accessible(page, 'runs');
    await page.getByRole('button', { name: 'Compare 2' }).click();
    await page.getByRole('region', { name: 'Figures beside each other' }).getByText('Sharpe ratio').waitFor();
    await accessible(page, 'compare');
    await visit(page, '/research/new?kind=lookahead');
    await page.getByRole('combobox', { name: 'Strategy', exact: true }).selectOption({ label: NAME });
    await page.getByRole('textbox', { name: 'Cuts' }).fill('5');
    await page.getByRole('button', { name: 'Start the look-ahead check' }).click();
    await page.getByRole('heading', { name: 'No rule looks ahead' }).waitFor({ timeout: 60_000 });
    await accessible(page, 'look-ahead');
  });
}

async function remove({ page, step, accessible }) {
  await step('strategies: one is deleted after a question', async () => {
    await visit(page, '/strategies');
    await page.getByRole('link', { name: NAME }).click();
    await page.getByRole('region', { name: 'Over history' }).last().getByRole('link', { name: 'Look-ahead check' }).first().waitFor();
    await accessible(page, 'strategy with runs');
    await page.getByRole('button', { name: 'Delete …' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Delete', exact: true }).click();
    await page.getByText(`${NAME} is deleted`).waitFor();
  });
}

export async function research(with_) {
  for (const list of [write, backtest, sweep, remove]) await list(with_);
}
