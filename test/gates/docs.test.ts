import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ShownExplanation } from '../../src/admission/routes.ts';
import { renderExplanation } from '../../src/cli/explain/explanation.ts';
import { loadConfig } from '../../src/config/load.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { loadPage, startSixGates } from './fixture.ts';

const text = readFileSync(join(packageRoot, 'docs/gates.md'), 'utf8');

/** The blocks of the document in a language. */
function blocks(language: string): string[] {
  const found = text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'));
  return [...found].map(([, code = '']) => code);
}

test('every configuration in docs/gates.md is sound', (t) => {
  const file = join(temporaryDirectory(t), 'postern.yaml');
  const key = join(temporaryDirectory(t), 'key');
  writeFileSync(key, 'backend-key');
  const found = blocks('yaml');
  assert.equal(found.length, 9);
  for (const yaml of found) {
    writeFileSync(file, yaml.replace('/run/secrets/kiosk-backend-key', key));
    assert.equal(loadConfig({ file, env: {} }).config.gates.length, 1);
  }
});

test('the explanation in docs/gates.md is what the command prints', async (t) => {
  const { postern } = await startSixGates(t);
  const [command = ''] = blocks('sh');
  assert.match(
    command,
    /--host chat\.example\.com --uri \/ws -H 'Upgrade: websocket' -H 'Origin: https:\/\/www/,
  );
  const { body } = await postern.api('POST', '/v1/explain', {
    host: 'chat.example.com',
    uri: '/ws',
    headers: [
      ['Upgrade', 'websocket'],
      ['Origin', 'https://www.example.com'],
    ],
  });
  const printed = `${renderExplanation(body as ShownExplanation)}\n`;
  assert.equal(blocks('text')[0], printed, printed);
});

test('a page can ask at which gate its visitor would be let in, and why not', async (t) => {
  const { postern, port, backend } = await startSixGates(t);
  const { token } = await postern.issue({ gates: ['media'], paths: ['/live'] });
  const look = async (host: string, query: string) => {
    const headers = { Cookie: `AUTH=${token}`, Origin: `http://${host}` };
    const answer = await loadPage(port, { host, path: `/.postern/session${query}`, headers });
    return answer.body as Record<string, unknown>;
  };
  const media = 'media.example.com';
  assert.equal((await look(media, '?gate=media')).signed_in, true);
  assert.equal((await look(media, '?gate=media&path=/live/1')).signed_in, true);
  assert.equal((await look(media, '?gate=media&path=/other')).reason, 'path_not_allowed');
  assert.equal((await look(media, '')).signed_in, true);
  assert.equal((await look(media, '?gate=chat')).reason, 'no_gate', 'a gate of another host');
  assert.equal((await look(media, '?gate=none')).reason, 'no_gate');
  assert.equal((await look(media, '?path=/live/1')).signed_in, true);
  assert.equal(backend.seen.length, 0);
});
