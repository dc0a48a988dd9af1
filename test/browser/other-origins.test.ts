import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import {
  example,
  openPageSocket,
  useBrowser,
  useTrustingBrowser,
} from '../../testkit/browser/browser.ts';
import { startBrowserSite } from '../../testkit/browser/site.ts';

const open = useBrowser();
const openTrusting = useTrustingBrowser();

/** A page on `origin`, which the guarded site lists, with a token of Alice to sign in with. */
async function startVisit(
  t: TestContext,
  origin: string,
  sessions: { sameSite: string; partitioned?: boolean },
  openPage = open,
) {
  const fixture = await startBrowserSite(t, {
    env: (at) => ({
      POSTERN_DEFAULT_GATE_ORIGINS: `same,${at(origin)}`,
      POSTERN_SESSIONS_SAME_SITE: sessions.sameSite,
      POSTERN_SESSIONS_PARTITIONED: String(sessions.partitioned ?? false),
    }),
  });
  const { page } = await openPage(t);
  await page.goto(`${fixture.at(origin)}/page`);
  const host = new URL(fixture.at('ws.example.test')).host;
  const { token } = await fixture.postern.issue({ subject: 'alice' });
  const signIn = () => page.evaluate(example('browser-session.js', 'signIn', host, token));
  const connect = () => openPageSocket(page, example('browser-session.js', 'connect', host));
  return { ...fixture, page, host, token, signIn, connect };
}

const visits = [
  ['a page on the same site', 'www.example.test', { sameSite: 'lax' }, open],
  ['a page on the same site', 'www.example.test', { sameSite: 'strict' }, open],
  ['a page on another site', 'partner.test', { sameSite: 'none', partitioned: true }, open],
  ['a page on another site, allowed cookies,', 'partner.test', { sameSite: 'none' }, openTrusting],
] as const;

for (const [who, origin, sessions, openPage] of visits) {
  const settings = JSON.stringify(sessions).replaceAll('"', '');
  test(`${who} signs in with one fetch: ${settings}`, async (t) => {
    const { page, host, signIn, connect } = await startVisit(t, origin, sessions, openPage);
    assert.deepEqual(await connect(), { opened: false, code: 1006 });
    await signIn();
    const socket = await connect();
    assert.ok(socket.opened);
    assert.equal(socket.seen.headers['remote-user'], 'alice');
    const [cookie] = await page.context().cookies(`https://${host}/`);
    assert.deepEqual([cookie?.domain, cookie?.httpOnly], ['ws.example.test', true]);
    const why = await page.evaluate<{ subject: string }>(
      example('browser-reason.js', 'whyDenied', host),
    );
    assert.equal(why.subject, 'alice');
    await page.evaluate(example('browser-session.js', 'signOut', host));
    assert.deepEqual(await connect(), { opened: false, code: 1006 });
  });
}

for (const [why, sameSite, openPage] of [
  ['SameSite=Lax does not let it in', 'lax', openTrusting],
  ['browsers keep none of other sites', 'none', open],
] as const) {
  test(`a page on another site gets no cookie: ${why}`, async (t) => {
    const visit = await startVisit(t, 'partner.test', { sameSite }, openPage);
    await visit.signIn();
    assert.deepEqual(await visit.page.context().cookies(), []);
    assert.deepEqual(await visit.connect(), { opened: false, code: 1006 });
    assert.equal(visit.postern.lastDecision().reason, 'no_credential');
  });
}

test('a page that signs in from another origin learns why it could not', async (t) => {
  const { page, host } = await startVisit(t, 'www.example.test', { sameSite: 'lax' });
  for (const [token, words] of [
    ['pst_wrong', /cannot be a token/],
    ['', /invalid fields/],
  ] as const) {
    const refused = page.evaluate(example('browser-session.js', 'signIn', host, token));
    await assert.rejects(refused, words);
  }
});
