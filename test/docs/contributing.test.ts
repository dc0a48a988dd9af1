import assert from 'node:assert/strict';
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { parse } from 'yaml';
import { packageRoot } from '../../src/lib/resources.ts';

const read = (path: string) => readFileSync(join(packageRoot, path), 'utf8');
const page = read('CONTRIBUTING.md');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

test('every file and folder that CONTRIBUTING.md names is there', () => {
  const inCode = [...page.matchAll(/`([^`\n]+)`/g)].map(([, code = '']) => code);
  const inBlocks = [...page.matchAll(/^```sh\n(.*?)^```/gms)].flatMap(([, text = '']) =>
    text.split(/\s/),
  );
  const inLinks = [...page.matchAll(/\]\(([^)]+)\)/g)].map(([, path = '']) => path);
  const paths = [...inCode, ...inBlocks, ...inLinks].filter((path) =>
    /^(?:src|test|scripts|fuzz|docs|migrations)\/[\w./*-]+$/.test(path),
  );
  assert.ok(paths.length > 30);
  for (const path of paths) {
    assert.notDeepEqual(globSync(path, { cwd: packageRoot }), [], path);
  }
});

test('the layout in CONTRIBUTING.md has every folder of src, and no others', () => {
  const rows = [...page.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([\w-]+)`/g)].map(([, name = '']) => name),
  );
  const folders = readdirSync(join(packageRoot, 'src'), { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
  assert.deepEqual(rows.sort(), folders.sort());
});

test('the commands in CONTRIBUTING.md and in the templates exist', () => {
  const texts = [page, read('.github/PULL_REQUEST_TEMPLATE.md')];
  const commands = texts.flatMap((text) => [...text.matchAll(/npm run ([\w:-]+)/g)]);
  assert.ok(commands.length > 8);
  for (const [, name = ''] of commands) assert.ok(scripts[name], name);
});

test('the forms for issues are forms, and name what is there', () => {
  const files = globSync('.github/ISSUE_TEMPLATE/*.yml', { cwd: packageRoot });
  const forms = files.filter((file) => !file.endsWith('/config.yml'));
  assert.ok(forms.length > 1);
  for (const file of forms) {
    const { name, description, body } = parse(read(file));
    assert.ok(name && description, file);
    const ids = body.flatMap(({ id = [] }) => id);
    assert.equal(new Set(ids).size, ids.length, file);
    for (const { type, id, attributes } of body) {
      assert.ok(type === 'markdown' ? attributes.value : id && attributes.label, file);
    }
  }
  assert.ok(existsSync(join(packageRoot, 'SECURITY.md')));
});
