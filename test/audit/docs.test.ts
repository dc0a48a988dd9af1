import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { promisify } from 'node:util';
import { auditFaults } from '../../src/audit/verify.ts';
import { renderListenAddress } from '../../src/config/listen-address.ts';
import { auditEvents } from '../../src/core/model/audit.ts';
import { packageRoot } from '../../src/lib/resources.ts';
import { adminKey } from '../../testkit/postern/admin-key.ts';
import { startTestPostern } from '../../testkit/postern/start.ts';

const text = readFileSync(join(packageRoot, 'docs', 'audit.md'), 'utf8');

/** The words in the first column of the table that begins with this heading. */
function firstColumn(heading: string): string[] {
  const [, table = ''] = text.split(`| ${heading} |`);
  const rows = table.split('\n\n')[0]?.split('\n').slice(2) ?? [];
  return rows
    .flatMap((row) => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)])
    .map(([, word = '']) => word);
}

test('docs/audit.md names every event and every fault, and no others', () => {
  assert.deepEqual(firstColumn('Event').toSorted(), [...auditEvents].toSorted());
  assert.deepEqual(firstColumn('Code').toSorted(), Object.keys(auditFaults).toSorted());
});

test('every command in docs/audit.md works as it stands there', async (t) => {
  const postern = await startTestPostern(t);
  await postern.issue();
  const blocks = [...text.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, block = '']) => block);
  const lines = blocks.join('').trim().split('\n');
  assert.ok(lines.length >= 7);
  const main = join(packageRoot, 'src/cli/main.ts');
  const env = {
    PATH: process.env.PATH,
    POSTERN_ADMIN_KEY: adminKey,
    POSTERN_ADMIN_LISTEN: renderListenAddress(postern.admin),
    POSTERN_DATA_DIR: postern.dataDir,
  };
  for (const line of lines) {
    const script = `postern() { '${process.execPath}' '${main}' "$@"; }\n${line}`;
    await promisify(execFile)('/bin/sh', ['-euc', script], { env, cwd: postern.dataDir });
  }
});
