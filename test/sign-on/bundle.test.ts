import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { packageRoot } from '../../src/lib/resources.ts';
import type { createBridge } from '../../src/sign-on/bridge.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { aGate, aHandshake } from '../../testkit/examples.ts';
import { startSignOn } from '../../testkit/sign-on/stand-in.ts';
import { sessions } from '../../testkit/sign-on/users.ts';
import { outcomeOf, settingsOf } from './fixture.ts';

test('a bridge asks when it is bundled, as it is in the package, too', async (t) => {
  const outdir = temporaryDirectory(t);
  await build({
    entryPoints: { bridge: join(packageRoot, 'src/sign-on/bridge.ts') },
    outdir,
    bundle: true,
    splitting: true,
    platform: 'node',
    format: 'esm',
    outExtension: { '.js': '.mjs' },
    banner: {
      js: "import { createRequire } from 'node:module';const require = createRequire(import.meta.url);",
    },
    logLevel: 'silent',
  });
  const bundled = (await import(pathToFileURL(join(outdir, 'bridge.mjs')).href)) as {
    createBridge: typeof createBridge;
  };
  const { url } = await startSignOn(t, 'tinyauth');
  const reports: (string | undefined)[] = [];
  const bridge = bundled.createBridge(settingsOf({ url }), {
    gate: aGate(),
    onHealthChange: (_service, why) => reports.push(why),
    onRequest: () => {},
  });
  t.after(() => bridge.close());
  const cookies = sessions.tinyauth.alice;
  const request = { handshake: aHandshake(), cookies, authorization: undefined };
  const found = await bridge.ask(request, 0, () => true);
  assert.deepEqual(reports, []);
  assert.equal(outcomeOf(found), 'alice');
});
