import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { connectAdmin } from '../../../src/cli/toolkit/admin-client.ts';
import { temporaryDirectory } from '../../../testkit/directory.ts';
import { startTestPostern, type TestPosternOptions } from '../../../testkit/postern/start.ts';
import { startSignOn } from '../../../testkit/sign-on/stand-in.ts';

/** A Postern whose one gate asks a stand-in for TinyAuth. */
export async function startBridged(
  t: TestContext,
  options: Pick<TestPosternOptions, 'env' | 'singleProcess'> = {},
) {
  const name = 'app.example.com';
  const signOn = await startSignOn(t, 'tinyauth');
  const config = join(temporaryDirectory(t), 'postern.yaml');
  const bridge = JSON.stringify({ service: 'tinyauth', url: signOn.url, cache: '0s' });
  writeFileSync(config, `gates:\n  app:\n    hosts: [${name}]\n    bridge: ${bridge}\n`);
  return { postern: await startTestPostern(t, { config, ...options }), signOn, name };
}

/** A Postern, and somebody who has a key that is none. */
export async function startAdmin(t: TestContext, env: Record<string, string> = {}) {
  const postern = await startTestPostern(t, { env });
  const stranger = connectAdmin(
    { listen: postern.admin, key: 'psa_a-stranger-with-a-key-of-no-use' },
    undefined,
  );
  return { postern, stranger };
}
