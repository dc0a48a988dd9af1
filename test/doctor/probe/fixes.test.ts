import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { describe, type TestContext, test } from 'node:test';
import { findingOf, probe, reportCodes } from '../../../testkit/doctor/probe.ts';
import { signOns } from '../../../testkit/sign-on/nginx/index.ts';
import { cookieOf, fix, type SignOnSite, startSignOnSite } from '../../../testkit/sign-on/site.ts';

/** Probes a site as if its name led there, with the certificate that its clients trust. */
function examine({ nginx, certificate }: SignOnSite, settings: { cookie?: string } = {}) {
  return probe('wss://grist.example.com/doc?a=1', {
    connect: `127.0.0.1:${nginx.port}`,
    ca: readFileSync(certificate, 'utf8'),
    ...settings,
  });
}

describe('the probe of', { concurrency: 2 }, () => {
  for (const signOn of signOns) {
    const [title = ''] = signOn.name.split(' with ');

    test(`${signOn.name} names it and its mend, and is content with that`, async (t: TestContext) => {
      const broken = await startSignOnSite(t, signOn);
      const before = await examine(broken);
      const code = signOn.login.status === 403 ? 'upgrade-forbidden' : 'upgrade-redirected';
      const { evidence, change = '' } = findingOf(before, code);
      assert.ok(evidence.endsWith(`looks like ${title}`), evidence);
      assert.match(
        change,
        /^One line, in the (?:protected location, directly below|location with the proxy_pass) .*\ninclude .*\bno-login-redirect/,
      );

      const mended = await startSignOnSite(t, signOn, { after: fix });
      const after = await examine(mended);
      findingOf(after, 'upgrade-denied');
      assert.ok(!reportCodes(after).includes('upgrade-redirected'));
      assert.deepEqual([...broken.reached, ...mended.reached], [], 'nobody got in');
    });

    test(`${signOn.name} with a session shows that every page may use it`, async (t) => {
      const site = await startSignOnSite(t, signOn, { after: fix });
      const report = await examine(site, { cookie: cookieOf(signOn, 'alice') });
      findingOf(report, 'cookie-accepted');
      findingOf(report, 'cross-site-accepted');
      assert.ok(!JSON.stringify(report).includes('session-of-alice'));
    });
  }
});
