import assert from 'node:assert/strict';
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { test } from 'node:test';
import { Ajv } from 'ajv';
import { parse } from 'yaml';
import { configSchemaFile } from '../../scripts/config-schema.ts';
import { packageRoot } from '../../src/lib/resources.ts';

// Editors do not use the validator that the service uses, so this does not either.
const schema = JSON.parse(readFileSync(join(packageRoot, configSchemaFile), 'utf8')) as {
  properties: Record<string, unknown>;
};
const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true }).compile(schema);

function problems(text: string): string[] {
  validate(parse(text));
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath} ${message}`);
}

const files = globSync('{examples,docs,deploy,docker}/**/*.{yaml,yml}', { cwd: packageRoot })
  .filter((file) => isConfig(readFileSync(join(packageRoot, file), 'utf8')))
  .sort();

/** True for YAML whose keys are all settings. */
function isConfig(text: string): boolean {
  const keys = Object.keys(parse(text) ?? {});
  return keys.length > 0 && keys.every((key) => Object.hasOwn(schema.properties, key));
}

test('every example file names the schema in its first line, by a path that leads there', () => {
  assert.ok(files.length > 0);
  for (const file of files) {
    const [first = ''] = readFileSync(join(packageRoot, file), 'utf8').split('\n');
    const path = /^# yaml-language-server: \$schema=(\S+)$/.exec(first)?.[1] ?? '';
    const target = join(packageRoot, dirname(file), path);
    assert.equal(target, join(packageRoot, configSchemaFile), file);
    assert.ok(existsSync(target));
  }
});

test('an editor has nothing to say against any example', () => {
  for (const file of files) {
    assert.deepEqual(problems(readFileSync(join(packageRoot, file), 'utf8')), [], file);
  }
  let found = 0;
  for (const page of ['README.md', ...globSync('docs/**/*.md', { cwd: packageRoot })]) {
    const blocks = readFileSync(join(packageRoot, page), 'utf8').matchAll(/^```yaml\n(.*?)^```/gms);
    for (const [, text = ''] of blocks) {
      if (!isConfig(text)) continue;
      found++;
      assert.deepEqual(problems(text), [], `${page}:\n${text}`);
    }
  }
  assert.ok(found > 10, `${found} examples in the documentation`);
});

test('an editor marks a misspelt setting, a wrong type and a value that is none', () => {
  assert.deepEqual(problems('gate:\n  lisen: 127.0.0.1:80'), [
    '/gate must NOT have additional properties',
  ]);
  assert.deepEqual(problems('workers: many'), ['/workers must be integer']);
  assert.deepEqual(problems('log:\n  level: loud'), [
    '/log/level must be equal to one of the allowed values',
  ]);
});

test('an editor shows what a setting does, and its default', () => {
  const { gate } = schema.properties as Record<string, { properties: Record<string, unknown> }>;
  assert.deepEqual(gate?.properties.listen, {
    type: 'string',
    minLength: 1,
    description: 'Address for nginx: `host:port`, or `unix:/path/to/socket`.',
    default: '127.0.0.1:8420',
  });
});
