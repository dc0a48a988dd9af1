import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { renderListenAddress } from '../../src/config/listen-address.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

const read = (file: string) => readFileSync(join(packageRoot, 'docs', file), 'utf8');

/** The blocks of a document in a language. */
function blocks(text: string, language: string): string[] {
  const found = text.matchAll(new RegExp(`^\`\`\`${language}\n(.*?)^\`\`\`$`, 'gms'));
  return [...found].map(([, code = '']) => code);
}

test('every command in docs/tokens.md works as it stands there', async (t) => {
  const text = read('tokens.md');
  const directory = temporaryDirectory(t);
  mkdirSync(join(directory, 'tokens'));
  writeFileSync(join(directory, 'tokens', 'Kq8Zr2Wv5Xt1Yb7Nc4Md9Pf3Gh6Js0Lu'), '');
  writeFileSync(join(directory, 'tokens.csv'), blocks(text, 'csv').join(''));
  writeFileSync(join(directory, 'tokens.jsonl'), blocks(text, 'json').join(''));
  const postern = await startTestPostern(t);
  const lines = blocks(text, 'sh').join('').trim().split('\n');
  assert.ok(lines.length > 12);
  const main = join(packageRoot, 'src/cli/main.ts');
  const env = {
    PATH: process.env.PATH,
    POSTERN_ADMIN_KEY: adminKey,
    POSTERN_ADMIN_LISTEN: renderListenAddress(postern.admin),
  };
  for (const line of lines) {
    const { id } = await postern.issue();
    const here = line
      .replace('tok_2vX4qK8mZ1pR7sT5w', id)
      .replace('/var/lib/nginx/tokens', join(directory, 'tokens'));
    const script = `postern() { '${process.execPath}' '${main}' "$@"; }\n${here}`;
    await promisify(execFile)('/bin/sh', ['-euc', script], { env, cwd: directory });
  }
  const { body } = await postern.api('GET', '/v1/tokens?limit=500');
  const { tokens } = body as { tokens: { subject: string; label: string | null }[] };
  const subjects = new Set(tokens.map(({ subject }) => subject));
  for (const name of ['alice', 'probe', 'kiosk', 'carol', 'media', 'bob']) {
    assert.ok(subjects.has(name), name);
  }
});

test('links in docs/tokens.md and docs/clients.md lead somewhere', () => {
  for (const file of ['tokens.md', 'clients.md']) {
    for (const [, path = '', anchor] of read(file).matchAll(/\]\(([^)#]*)(?:#([^)]*))?\)/g)) {
      const target = path === '' ? file : path;
      assert.ok(existsSync(join(packageRoot, 'docs', target)), `${file}: ${path}`);
      if (anchor === undefined) continue;
      const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
        heading
          .toLowerCase()
          .replace(/[^\w\- ]/g, '')
          .replaceAll(' ', '-'),
      );
      assert.ok(headings.includes(anchor), `${file}: #${anchor}`);
    }
  }
});
