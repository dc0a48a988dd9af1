import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { defaultBundleOptions } from '../../../src/proxies/nginx/bundle-options.ts';
import { writeBundle } from '../../../src/proxies/nginx/config-bundle.ts';
import { renderBundle } from '../../../src/proxies/nginx/render.ts';
import { sendRaw } from '../../../testkit/clients/raw-request.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { startTestNginx } from '../../../testkit/nginx/nginx.ts';
import { nginxPrograms } from '../../../testkit/nginx/programs.ts';
import { waitFor } from '../../../testkit/wait.ts';

const text = (bytes: number) => randomBytes(bytes).toString('base64url');

/** Secrets of many lengths, with much or little behind them. */
const secrets = [
  ...[600, 1_200].map((bytes) => `eyJ${text(60)}.${text(bytes)}.${text(256)}`),
  ...[600, 1_500].map((bytes) => `eyJ${text(60)}.${text(bytes)}.${text(512)}`),
  ...[24, 1_500, 3_072].map((bytes) => text(bytes)),
];
const targets = secrets.flatMap((secret) =>
  [0, 900, 3_000, 5_500].map((length) => [secret, `/ws?token=${secret}&a=${'a'.repeat(length)}`]),
) as [string, string][];

/** What takes an expression long that tries again and again. */
const hostile = [
  `/x?token=${'a'.repeat(7_800)}`,
  `/x${'?token['.repeat(1_100)}`,
  `/x${'?token=a'.repeat(950)}`,
  `/x?${'eyJ'.repeat(2_500)}`,
  `/x?${'pst_'.repeat(1_900)}`,
  `/x?token=a&${'b&token'.repeat(1_000)}`,
  `/x?${'%25'.repeat(2_500)}`,
];

for (const { name, program } of nginxPrograms) {
  for (const jit of ['off', 'on']) {
    test(`${name}, pcre_jit ${jit}: no token is in the masked log, however long the line is, and no expression gives up`, async (t) => {
      const directory = temporaryDirectory(t);
      const gate = { kind: 'tcp', host: '127.0.0.1', port: 1 } as const;
      writeBundle(
        join(directory, 'postern'),
        renderBundle('plain', { ...defaultBundleOptions, gate }),
      );
      const nginx = await startTestNginx(t, {
        directory,
        program,
        main: `pcre_jit ${jit};`,
        http: (port) => `
  include ${join(directory, 'postern/postern-http.conf')};
  server {
    listen 127.0.0.1:${port};
    access_log ${join(directory, 'access.log')} postern_masked;
    location / { return 204; }
  }`,
      });
      const send = (target: string, headers = '') =>
        sendRaw(nginx.port, `GET ${target} HTTP/1.1\nHost: a\n${headers}Connection: close\n\n`);
      const all = [...targets, ...hostile.map((target) => ['-', target] as const)];
      for (const [, target] of all.filter(([, one]) => one.length < 8_100)) {
        await send(target);
        await send('/y', `Referer: http://a${target}\n`);
      }
      await send('/last');
      const log = () => readFileSync(join(directory, 'access.log'), 'utf8');
      await waitFor('the last line', async () => log().includes('/last'));
      for (const secret of secrets)
        assert.ok(!log().includes(secret.slice(0, 40)), secret.slice(0, 8));
      assert.match(log(), /\/ws\?token=\*\*\*/);
      assert.match(log(), /"GET \/last HTTP\/1\.1"/);
      assert.doesNotMatch(
        readFileSync(join(directory, 'error.log'), 'utf8'),
        /pcre2?_(?:match|exec)/,
      );
    });
  }
}
