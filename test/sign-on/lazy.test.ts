import assert from 'node:assert/strict';
import { createRequire } from 'node:module';
import { test } from 'node:test';
import { startSignOn } from '../../testkit/sign-on/stand-in.ts';
import { openBridge } from './fixture.ts';

const { cache } = createRequire(import.meta.url);
const isLoaded = () => Object.keys(cache).some((file) => file.includes('/node_modules/undici/'));

test('the HTTP client is loaded only where there is a bridge', async (t) => {
  assert.equal(isLoaded(), false);
  const { url } = await startSignOn(t, 'tinyauth');
  await openBridge(t, { url }).about();
  assert.equal(isLoaded(), true);
});
