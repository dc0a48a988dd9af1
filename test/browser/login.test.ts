import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { BrowserContextOptions, Page } from 'playwright-core';
import { example, openPageSocket, useBrowser } from '../../testkit/browser/browser.ts';
import { startBrowserSite } from '../../testkit/browser/site.ts';

const open = useBrowser();
const app = 'app.example.test';

async function startLogin(t: TestContext, options?: BrowserContextOptions) {
  const fixture = await startBrowserSite(t);
  const { page, said } = await open(t, options);
  const { token, id } = await fixture.postern.issue({ subject: 'alice' });
  const base = fixture.at(app);
  const socket = () => openPageSocket(page, `new WebSocket('${fixture.socketAt(app)}/ws')`);
  /** The page is that of the application, shown to Alice. */
  const arrives = async (path: string) => {
    await page.waitForURL(base + path);
    const seen = JSON.parse((await page.textContent('body')) ?? '');
    assert.equal(seen.headers['remote-user'], 'alice');
  };
  return { ...fixture, page, said, token, id, base, socket, arrives };
}

/** The addresses that the tab can go back and forth to. */
async function historyOf(page: Page): Promise<string[]> {
  const session = await page.context().newCDPSession(page);
  const { entries } = await session.send('Page.getNavigationHistory');
  return entries.map(({ url }) => url);
}

/** Nothing on the page was blocked, which would mean that its own parts do not fit its policy. */
function assertNothingBlocked(said: string[]): void {
  assert.deepEqual(
    said.filter((line) => /Content Security Policy|Refused to|blocked/i.test(line)),
    [],
  );
}

test('who has no session is asked for a token, and lands where they wanted to go', async (t) => {
  const { page, said, token, base, arrives, socket } = await startLogin(t);
  await page.goto(`${base}/page`);
  await page.goto(`${base}/rooms?a=1&b=2`);
  assert.equal(new URL(page.url()).pathname, '/.postern/login');
  await page.getByLabel('Token').fill(` ${token}\n`);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await arrives('/rooms?a=1&b=2');
  assert.ok((await socket()).opened);
  assert.deepEqual(await historyOf(page), ['about:blank', `${base}/page`, page.url()]);
  const [cookie] = await page.context().cookies();
  assert.equal(cookie?.name, '__Host-postern');
  assert.deepEqual([cookie?.httpOnly, cookie?.secure, cookie?.path], [true, true, '/']);
  assertNothingBlocked(said);
});

test('a token in the fragment of the address signs in, and stays nowhere', async (t) => {
  const { postern, site, page, said, token, base, arrives } = await startLogin(t);
  await page.goto(`${base}/page`);
  await page.goto(`${base}/.postern/login?rd=/rooms#token=${token}`);
  await arrives('/rooms');
  assert.deepEqual(await historyOf(page), ['about:blank', `${base}/page`, `${base}/rooms`]);
  assert.match(site.accessLog(), /login\?rd=\/rooms/);
  const places = [
    page.url(),
    site.accessLog(),
    site.errorLog(),
    postern.rawLog(),
    JSON.stringify(site.backend.seen),
    JSON.stringify(await page.context().cookies()),
    said.join('\n'),
  ];
  for (const place of places) assert.ok(!place.includes(token));
  assertNothingBlocked(said);
});

test('a link with a token works in a tab that shows the login page already', async (t) => {
  const { page, token, base, arrives } = await startLogin(t);
  await page.goto(`${base}/.postern/login?rd=/rooms`);
  await page.goto(`${base}/.postern/login?rd=/rooms#token=${token}`);
  await arrives('/rooms');
  const addresses = await historyOf(page);
  assert.ok(!addresses.join().includes(token));
});

test('a link that is good once signs in once, and its session goes on', async (t) => {
  const { postern, page, base, arrives, socket } = await startLogin(t);
  const { token } = await postern.issue({ subject: 'alice', max_uses: 1, expires_in: '1d' });
  const link = `${base}/.postern/login?rd=/rooms#token=${token}`;
  await page.goto(link);
  await arrives('/rooms');
  assert.ok((await socket()).opened);
  await page.goto(link);
  await page.getByRole('alert').filter({ hasText: 'no uses left' }).waitFor();
  await page.goto(`${base}/rooms`);
  await arrives('/rooms');
});

test('a link whose token is bad says so, and keeps the token out of the address', async (t) => {
  const { postern, page, token, id, base } = await startLogin(t);
  await postern.api('DELETE', `/v1/tokens/${id}`);
  await page.goto(`${base}/.postern/login?rd=/rooms#token=${token}`);
  await page.getByRole('alert').filter({ hasText: 'The token was revoked.' }).waitFor();
  assert.equal(page.url(), `${base}/.postern/login?rd=/rooms`);
});

test('a wrong token is answered on the spot, and the right one still leads on', async (t) => {
  const { page, said, token, base, arrives } = await startLogin(t);
  await page.goto(`${base}/rooms`);
  const login = page.url();
  await page.getByLabel('Token').fill(token.slice(0, -1));
  await page.getByRole('button').click();
  await page.getByRole('alert').filter({ hasText: 'cannot be a token' }).waitFor();
  assert.equal(page.url(), login);
  assert.deepEqual(await page.context().cookies(), []);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button').click();
  await arrives('/rooms');
  assertNothingBlocked(said);
});

test('when Postern cannot be reached, the page says so instead of doing nothing', async (t) => {
  const { page, token, base } = await startLogin(t);
  await page.goto(`${base}/rooms`);
  await page.context().setOffline(true);
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button').click();
  await page.getByRole('alert').filter({ hasText: 'Try again' }).waitFor();
});

test('the page works without scripts', async (t) => {
  const { page, said, token, base } = await startLogin(t, { javaScriptEnabled: false });
  await page.goto(`${base}/rooms?a=1`);
  await page.getByLabel('Token').fill('pst_wrong');
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.getByRole('alert').filter({ hasText: 'cannot be a token' }).waitFor();
  await page.getByLabel('Token').fill(token);
  await page.getByRole('button', { name: 'Sign in' }).click();
  await page.waitForURL(`${base}/rooms?a=1`);
  assert.match((await page.textContent('body')) ?? '', /"remote-user":"alice"/);
  assertNothingBlocked(said);
});

test('the page works with the keyboard alone, and every part of it has a name', async (t) => {
  const { page, token, base, arrives } = await startLogin(t);
  await page.goto(`${base}/rooms`);
  assert.equal(
    await page.locator('body').ariaSnapshot(),
    `- main:
  - heading "Sign in" [level=1]
  - text: Token
  - textbox "Token"
  - alert
  - button "Sign in"`,
  );
  assert.equal(await page.getAttribute('html', 'lang'), 'en');
  const focused = () => page.evaluate<string>('document.activeElement.tagName');
  const outlined = () =>
    page.evaluate<string>('getComputedStyle(document.activeElement).outlineStyle');
  assert.deepEqual([await focused(), await outlined()], ['INPUT', 'solid']);
  await page.keyboard.type('pst_wrong');
  await page.keyboard.press('Tab');
  assert.deepEqual([await focused(), await outlined()], ['BUTTON', 'solid']);
  await page.keyboard.press('Space');
  await page.getByRole('alert').filter({ hasText: 'cannot be a token' }).waitFor();
  await page.keyboard.press('Shift+Tab');
  assert.deepEqual([await focused(), await outlined()], ['INPUT', 'solid']);
  await page.keyboard.press('Control+A');
  await page.keyboard.type(token);
  await page.keyboard.press('Enter');
  await arrives('/rooms');
});

test('signing out ends the session for pages and sockets', async (t) => {
  const { page, token, base, arrives, socket } = await startLogin(t);
  await page.goto(`${base}/.postern/login?rd=/rooms#token=${token}`);
  await arrives('/rooms');
  await page.goto(`${base}/page`);
  await page.evaluate(example('browser-session.js', 'signOut', new URL(base).host));
  assert.deepEqual(await page.context().cookies(), []);
  assert.deepEqual(await socket(), { opened: false, code: 1006 });
  await page.goto(`${base}/rooms`);
  assert.equal(new URL(page.url()).pathname, '/.postern/login');
});
