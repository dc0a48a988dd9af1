import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Page } from 'playwright-core';
import { openPageSocket, useTrustingBrowser } from '../../testkit/browser/browser.ts';
import { startBrowserSite } from '../../testkit/browser/site.ts';
import { waitFor } from '../../testkit/wait.ts';

const open = useTrustingBrowser();
const app = 'app.example.test';

/** Alice, signed in to the application, opens a page of a stranger in the same browser. */
async function startVisit(t: TestContext, stranger: string, sameSite: string) {
  const fixture = await startBrowserSite(t, {
    env: () => ({ POSTERN_SESSIONS_SAME_SITE: sameSite }),
  });
  const { postern, at, socketAt } = fixture;
  const { page, said } = await open(t);
  const { token } = await postern.issue({ subject: 'alice' });
  await page.goto(`${at(app)}/.postern/login?rd=/rooms#token=${token}`);
  await page.waitForURL(`${at(app)}/rooms`);
  await page.goto(`${at(app)}/page`);
  const socket = () => openPageSocket(page, `new WebSocket('${socketAt(app)}/ws')`);
  assert.ok((await socket()).opened, 'she is signed in');
  await page.goto(`${at(stranger)}/page`);
  return { ...fixture, page, said, socket };
}

/** The outcome of a request with all cookies that the browser would send along. */
function request(page: Page, url: string, init: object = {}): Promise<string> {
  const options = JSON.stringify({ credentials: 'include', ...init });
  return page.evaluate<string>(
    `fetch('${url}', ${options}).then(async (answer) => answer.status + await answer.text(), String)`,
  );
}

/** What the handshake was denied for tells whether the browser sent the cookie. */
const strangers = [
  ['evil.test', 'none', 'origin_not_allowed'],
  ['evil.test', 'lax', 'no_credential'],
  ['evil.test', 'strict', 'no_credential'],
  // For a browser this one is the same site, so it sends every cookie there is.
  ['www.example.test', 'strict', 'origin_not_allowed'],
] as const;

for (const [stranger, sameSite, reason] of strangers) {
  test(`a page on ${stranger} gets nothing with a victim's cookie, SameSite=${sameSite}`, async (t) => {
    const { postern, site, at, page, socket } = await startVisit(t, stranger, sameSite);
    const reached = site.backend.seen.length;
    assert.deepEqual(await socket(), { opened: false, code: 1006 });
    assert.equal(postern.lastDecision().reason, reason);
    assert.equal(site.backend.seen.length, reached);

    const session = `${at(app)}/.postern/session`;
    const attempts = [
      await request(page, session),
      await request(page, session, { method: 'DELETE' }),
      await request(page, session, {
        method: 'POST',
        headers: { 'Content-Type': 'application/json' },
      }),
    ];
    assert.deepEqual(attempts, Array(3).fill('TypeError: Failed to fetch'));
    await page.goto(`${at(app)}/rooms`);
    assert.match((await page.textContent('body')) ?? '', /"remote-user":"alice"/);
  });
}

test("a stranger's form signs nobody in as somebody else", async (t) => {
  const { postern, at, page } = await startVisit(t, 'evil.test', 'none');
  const { token } = await postern.issue({ subject: 'mallory' });
  const before = await page.context().cookies(at(app));
  for (const path of ['login', 'session']) {
    await page.goto(`${at('evil.test')}/page`);
    await page.setContent(`<form method="post" action="${at(app)}/.postern/${path}">
      <input name="token" value="${token}"><button>A kitten</button></form>`);
    const [answer] = await Promise.all([
      page.waitForResponse(`${at(app)}/.postern/${path}`),
      page.getByRole('button').click(),
    ]);
    assert.equal(answer.status(), 403);
  }
  assert.deepEqual(await page.context().cookies(at(app)), before);
});

test('a stranger cannot frame the login page', async (t) => {
  const { at, page, said } = await startVisit(t, 'evil.test', 'none');
  await page.setContent(`<iframe src="${at(app)}/.postern/login"></iframe>`);
  await waitFor('the frame is refused', () => said.join().includes("frame-ancestors 'none'"));
  for (const frame of page.frames()) assert.equal(await frame.getByLabel('Token').count(), 0);
});
