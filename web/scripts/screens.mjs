// A list of steps for each screen: what a person does there, end to end, in a demo desk.
import assert from 'node:assert/strict';
import { freshCode } from './totp.mjs';
import { USER, visit } from './chromium.mjs';

async function prove(page, code) {
  const dialog = page.getByRole('dialog', { name: 'Confirm that it is you' });
  await dialog.getByLabel('Password').fill(USER.password);
  if (code) await dialog.getByLabel('Code').fill(code);
  await dialog.getByRole('button', { name: 'Confirm' }).click();
  await dialog.waitFor({ state: 'detached' });
}

/** A request from the page itself, with its session. */
async function ask(page, method, path, body) {
  return page.evaluate(
    async ([verb, to, content]) => {
      const answer = await fetch(to, {
        method: verb, headers: { 'Content-Type': 'application/json', 'Idempotency-Key': crypto.randomUUID() },
        ...(content ? { body: JSON.stringify(content) } : {}),
      });
      return { status: answer.status, body: await answer.json() };
    },
    [method, path, body],
  );
}

async function approvals({ page, step, accessible }) {
  const account = (await ask(page, 'GET', '/api/accounts')).body.accounts[0];
  const limits = account.limits;
  await step('approvals: value against the limit, what the gate says, decline; an armed order is withdrawn', async () => {
    await ask(page, 'PUT', `/api/accounts/${account.id}/limits`, { target: 'account', limits: { ...limits, approval_above: '3500' } });
    await ask(page, 'POST', '/api/orders', { account: account.id, symbol: 'sim:SYN', side: 'buy', notional: '4000', source: { kind: 'agent', name: 'browser-test' } });
    await ask(page, 'POST', '/api/orders', { account: account.id, symbol: 'sim:SYN', side: 'buy', quantity: '1', activate: 'next_open' });
    await visit(page, '/approvals');
    const mine = page.locator('section').filter({ hasText: 'agent browser-test' }).last();
    await mine.getByText('Waits above').waitFor();
    await mine.getByText('Approved now').waitFor();
    await accessible(page, 'approvals waiting');
    const withdraw = page.getByRole('button', { name: 'Withdraw Buy SYN' }).first();
    if (await withdraw.isVisible()) {
      await withdraw.click();
      await page.getByText('Taken back: Buy SYN').first().waitFor();
    }
    await mine.getByRole('button', { name: 'Take back Buy SYN' }).click();
    await mine.waitFor({ state: 'detached' });
    await ask(page, 'PUT', `/api/accounts/${account.id}/limits`, { target: 'account', limits });
  });
}

async function performance({ page, step, accessible }) {
  await step('performance: groups, calendar, round trips, lots, movements', async () => {
    await visit(page, '/performance');
    await page.getByText('Net result').or(page.getByText('No closed trade yet')).first().waitFor();
    const group = page.getByRole('button', { name: 'Closed by' });
    if (await group.isVisible()) await group.click();
    for (const [tab, text] of [['Round trips', /Round trips/], ['Tax lots', /first in, first out/], ['Movements and totals', /without an execution/]]) {
      await page.getByRole('tab', { name: tab }).click();
      await page.locator('main').getByText(text).last().waitFor();
    }
    await page.getByRole('tab', { name: 'Round trips' }).click();
    const row = page.getByRole('region', { name: 'Round trips' }).locator('tbody tr').first();
    if (await row.isVisible()) {
      await row.click();
      await page.getByRole('dialog').getByText('Worst price').waitFor();
      await accessible(page, 'round trip');
      await page.keyboard.press('Escape');
    }
  });
}

async function data({ page, step }) {
  await step('data: the import command follows what is chosen', async () => {
    await visit(page, '/data');
    await page.getByLabel('Symbol', { exact: true }).fill('msft');
    await page.getByText('cofferdam bars import FILE.csv --symbol MSFT --timeframe 1d').waitFor();
  });
}

async function audit({ page, step, accessible }) {
  await step('audit log: filter, older records, a record with its chain, verify, export', async () => {
    await visit(page, '/audit');
    const rows = page.locator('main ol li button');
    await rows.first().waitFor();
    await page.getByRole('button', { name: 'Verify the chain' }).click();
    await page.getByText(/truncation not excluded/).waitFor();
    await page.getByLabel('What', { exact: true }).selectOption('settings');
    await page.getByText(/Limits of the account were replaced/).first().waitFor();
    await page.getByText(/Limits of the account were replaced/).first().click();
    const sheet = page.getByRole('dialog');
    await sheet.getByText('Place in the chain').waitFor();
    await sheet.getByRole('button', { name: 'Record before', exact: true }).click();
    await accessible(page, 'a record');
    await page.keyboard.press('Escape');
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save the records shown as CSV' }).click()]);
    assert.match(file.suggestedFilename(), /^cofferdam-audit-.*\.csv$/);
    await page.getByLabel('Contains').fill('no record says this');
    await page.getByText('No record is like that').or(page.getByText(/look further back/)).first().waitFor();
  });
}

async function settings({ page, open, origin, step, accessible }) {
  await step('settings: accounts, policy, books', async () => {
    await visit(page, '/settings');
    await page.getByRole('button', { name: 'Open a paper account' }).click();
    await page.getByLabel('What is bought is paid').selectOption('margin');
    await page.getByLabel('Equity to open').waitFor();
    await accessible(page, 'new account');
    await page.getByRole('button', { name: 'Not now' }).click();
    await page.getByRole('button', { name: /^How it is treated: / }).first().click();
    await accessible(page, 'policy');
    await page.getByLabel('They wait for').fill('11');
    await page.getByRole('button', { name: 'Save' }).click();
    await prove(page);
    await page.getByText('is treated as you set it').waitFor();
    await page.getByRole('tab', { name: 'Books' }).click();
    await page.getByRole('button', { name: 'Open a book' }).click();
    await page.getByLabel('Id').fill(`b${Date.now() % 100_000}`);
    await page.locator('form').getByRole('button', { name: 'Open the book' }).click();
    await page.getByText(/^Book .* is open$/).waitFor();
  });
  await step('settings: limits show what changes; a preset says what it would change', async () => {
    await visit(page, '/settings?tab=limits');
    await page.getByRole('button', { name: 'Change', exact: true }).click();
    await page.getByLabel('Live orders', { exact: true }).fill('199');
    await page.getByText('tighter', { exact: true }).waitFor();
    await page.getByLabel('Value of one order', { exact: true }).fill('90');
    await page.getByText('allows more', { exact: true }).waitFor();
    await accessible(page, 'limits form');
    await page.getByRole('button', { name: 'Cancel', exact: true }).click();
    await page.getByRole('button', { name: 'Use a preset' }).click();
    await page.getByRole('radio', { name: /Futures and DCA/ }).check();
    await page.getByText(/limits change/).waitFor();
    await accessible(page, 'preset');
  });
  let first = '';
  await step('settings: a person is added, signs in elsewhere with a one-time password, and chooses an own one', async () => {
    await visit(page, '/settings?tab=people');
    await page.getByRole('button', { name: 'Add somebody' }).click();
    const dialog = page.getByRole('dialog', { name: 'Add somebody' });
    await dialog.getByLabel('Name').fill('bob');
    await accessible(page, 'add somebody');
    await dialog.getByRole('button', { name: 'Add bob' }).click();
    await prove(page);
    first = (await dialog.locator('code').first().textContent()) ?? '';
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    const other = await open();
    await other.goto(origin);
    await other.getByLabel('Name').fill('bob');
    await other.getByLabel('Password').fill(first);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.getByRole('heading', { name: 'Choose a password of your own' }).waitFor();
    await accessible(other, 'own password');
    await other.getByLabel('Present password').fill(first);
    await other.getByLabel('New password', { exact: true }).fill('violet harbour engine moss');
    await other.getByLabel('The new password again').fill('violet harbour engine moss');
    await other.getByRole('button', { name: 'Set the password and go on' }).click();
    await other.getByText('Equity').first().waitFor();
    await other.context().close();
  });
  await step('settings: a key is made, shown once, and revoked', async () => {
    await visit(page, '/settings?tab=keys');
    await page.getByRole('button', { name: 'Make a key' }).first().click();
    const dialog = page.getByRole('dialog', { name: 'Make a key' });
    await dialog.getByLabel('Name').fill('browser-bot');
    await accessible(page, 'make a key');
    await dialog.getByRole('button', { name: 'Make the key' }).click();
    await prove(page);
    await dialog.getByText(/^cfd_/).waitFor();
    await dialog.getByRole('button', { name: 'I have kept it' }).click();
    await page.getByRole('button', { name: 'Revoke the key browser-bot' }).click();
    await page.getByRole('dialog').getByRole('button', { name: 'Revoke' }).click();
    await page.getByText('The key browser-bot does nothing any more').waitFor();
  });
  await step('settings: two-factor with recovery codes, used at sign-in, and off again', async () => {
    await visit(page, '/settings?tab=security');
    await page.getByRole('button', { name: 'Set it up' }).click();
    await page.getByRole('textbox', { name: 'Password' }).fill(USER.password);
    await page.getByRole('button', { name: 'Go on' }).click();
    await page.getByLabel('Code', { exact: true }).waitFor();
    await accessible(page, 'two-factor');
    const secret = (await page.locator('ol code').first().textContent()) ?? '';
    await page.getByLabel('Code', { exact: true }).fill(await freshCode(secret));
    await page.getByRole('button', { name: 'Turn it on' }).click();
    const codes = page.getByRole('list', { name: 'Recovery codes' });
    await codes.waitFor();
    assert.equal(await codes.getByRole('listitem').count(), 10);
    const [file] = await Promise.all([page.waitForEvent('download'), page.getByRole('button', { name: 'Save as a file' }).click()]);
    assert.match(file.suggestedFilename(), /recovery-codes/);
    await page.getByRole('button', { name: 'I have kept them' }).click();
    const other = await open();
    await other.goto(origin);
    await other.getByLabel('Name').fill(USER.name);
    await other.getByLabel('Password').fill(USER.password);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.getByText('Password is right').waitFor();
    await accessible(other, 'sign-in code');
    await other.getByLabel('Code').fill(await freshCode(secret));
    await other.getByRole('button', { name: 'Confirm the code' }).click();
    await other.getByText('Equity').first().waitFor();
    await other.context().close();
    await page.getByRole('button', { name: 'Turn it off …' }).click();
    await page.getByRole('button', { name: 'Turn it off', exact: true }).click();
    await prove(page, await freshCode(secret));
    await page.getByText('Two-factor is off').waitFor();
  });
  await step('sign-in: too many attempts are counted down, and a cookie that is not kept is explained', async () => {
    const other = await open();
    await other.goto(origin);
    await other.getByLabel('Name').fill('nobody');
    // On this machine twenty are free, for everybody together.
    const delayed = other.getByText(/Too many attempts/);
    for (let n = 0; n < 30 && !(await delayed.isVisible()); n += 1) {
      await other.getByLabel('Password').fill('wrong');
      const [answer] = await Promise.all([other.waitForResponse('**/api/sessions'), other.getByRole('button', { name: 'Sign in' }).click()]);
      await (answer.status() === 429 ? delayed : other.getByText('The name, the password or the code is wrong.')).waitFor();
    }
    await delayed.waitFor();
    await other.getByRole('button', { name: /^Wait \d+ s$/ }).waitFor();
    await accessible(other, 'sign-in delayed');
    await other.getByRole('button', { name: 'Sign in' }).waitFor({ timeout: 8_000 });
    await other.route('**/api/session', (route) => route.fulfill({ status: 401, contentType: 'application/problem+json', body: '{"code":"unauthorized","detail":"no","remedy":"","status":401,"title":"","type":""}' }));
    await other.getByLabel('Name').fill(USER.name);
    await other.getByLabel('Password').fill(USER.password);
    await other.getByRole('button', { name: 'Sign in' }).click();
    await other.getByText('this browser did not keep the session').waitFor();
    await accessible(other, 'cookie refused');
    await other.context().close();
  });
}

export async function screens(with_) {
  for (const list of [approvals, performance, data, audit, settings]) await list(with_);
}
