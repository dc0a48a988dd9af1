import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { loadConfig } from '../../src/config/load.ts';
import { buildBridge } from '../../src/config/sign-on/bridge.ts';
import { denials } from '../../src/core/model/denials.ts';
import { bridgeServices } from '../../src/core/model/sign-on-settings.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { profileFor } from '../../src/sign-on/service-profiles.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';

const text = readFileSync(join(packageRoot, 'docs/bridge.md'), 'utf8');

/** Bridges of the configurations that are shown, and the section that each is shown in. */
const shown = [...text.matchAll(/```yaml\n(.*?)```/gs)].map(({ 1: yaml = '', index }) => ({
  yaml,
  raw: (parse(yaml) as { gates: { admin: { bridge: unknown } } }).gates.admin.bridge,
  section: text.slice(index).split('\n## ')[0] ?? '',
}));

test('every configuration in docs/bridge.md is valid', (t) => {
  const file = join(temporaryDirectory(t), 'postern.yaml');
  const services = shown.map(({ yaml }) => {
    writeFileSync(file, yaml);
    const [gate] = loadConfig({ file, env: {} }).config.gates;
    assert.deepEqual(gate?.sources, ['bearer', 'bridge']);
    return gate?.bridge?.service;
  });
  assert.deepEqual(services, ['tinyauth', ...bridgeServices]);
});

test('what docs/bridge.md says of a service is what is done', () => {
  for (const { raw, section } of shown.slice(1)) {
    const settings = buildBridge(raw, () => {}) ?? assert.fail();
    if (settings.service === 'custom') continue;
    const { path, cookies, answerHeaders, renderHeaders, login } = profileFor(settings);
    const facts = { url: 'u', uri: 'u', scheme: 's', host: 'h', method: 'm', client_address: 'a' };
    const [, table = ''] = section.split('| --- | --- |');
    // "`X-Forwarded-Proto`, `-Host`" is short for names that begin alike.
    const words = [...table.matchAll(/`([^`]+)`/g)].map(([, word = '']) => word.toLowerCase());
    const isNamed = (name: string) =>
      words.some((word) => word === name || (word.startsWith('-') && name.endsWith(word)));
    assert.ok(words.includes(path), path);
    for (const cookie of cookies) assert.ok(words.includes(cookie.toLowerCase()), cookie);
    for (const name of Object.keys(renderHeaders(facts))) {
      assert.ok(isNamed(name.toLowerCase()), `${settings.service}: ${name}`);
    }
    const { groupsSeparator: _, ...names } = answerHeaders;
    for (const name of Object.values(names)) {
      assert.ok(isNamed(String(name)), `${settings.service}: ${name}`);
    }
    if (login !== undefined) assert.ok(section.includes(login), login);
  }
});

test('docs/bridge.md names the denials that there are', () => {
  const named = new Set([...text.matchAll(/`(sign_on_[a-z]+)`/g)].map(([, code]) => code));
  const codes = Object.keys(denials).filter((code) => code.startsWith('sign_on_'));
  assert.deepEqual([...named].sort(), codes.sort());
});
