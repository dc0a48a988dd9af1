import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { needProgram } from '../../scripts/programs.ts';
import { renderUnifiedDiff } from '../../src/lib/unified-diff.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { readExample } from '../../testkit/doctor/pages.ts';
import { runCommand, succeeded } from '../../testkit/postern/command.ts';

/** Does what `patch` does with a difference, and is as strict about line numbers and context. */
function patch(text: string, diff: string): string {
  const lines = text.match(/[^\n]*\n|[^\n]+$/g) ?? [];
  const result: string[] = [];
  let at = 0;
  const rows = diff.split(/(?<=\n)/).slice(2);
  rows.forEach((row, index) => {
    const start = /^@@ -(\d+),(\d+) \+\d+,\d+ @@/.exec(row);
    if (start !== null) {
      const first = Number(start[1]) - (start[2] === '0' ? 0 : 1);
      result.push(...lines.slice(at, first));
      at = first;
      return;
    }
    if (row.startsWith('\\')) return;
    const line = rows[index + 1]?.startsWith('\\') ? row.slice(1, -1) : row.slice(1);
    if (row[0] !== '+') assert.equal(lines[at++], line);
    if (row[0] !== '-') result.push(line);
  });
  return [...result, ...lines.slice(at)].join('');
}

const names = { before: 'a/f', after: 'b/f' };

test('a difference turns one text into the other', () => {
  const text = fc
    .tuple(
      fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n'), { maxLength: 40 }),
      fc.constantFrom('', 'd'),
    )
    .map(([lines, last]) => `${lines.join('')}${last}`);
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = renderUnifiedDiff(names, before, after);
      assert.equal(diff === '', before === after);
      assert.equal(patch(before, diff), after);
    }),
  );
});

test('a change far from another has a part of its own, with three lines around it', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `${index + 1}\n`);
  const after = lines.with(1, 'two\n').with(17, 'eighteen\n').join('');
  assert.equal(
    renderUnifiedDiff(names, lines.join(''), after),
    '--- a/f\n+++ b/f\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n' +
      '@@ -15,6 +15,6 @@\n 15\n 16\n 17\n-18\n+eighteen\n 19\n 20\n',
  );
});

test('a text of any length is compared, and a missing one is new altogether', () => {
  const long = 'x\n'.repeat(300_000);
  assert.equal(patch(long, renderUnifiedDiff(names, long, 'y\n'.repeat(20))), 'y\n'.repeat(20));
  assert.equal(
    renderUnifiedDiff({ ...names, before: '/dev/null' }, '', 'a\n'),
    '--- /dev/null\n+++ b/f\n@@ -0,0 +1,1 @@\n+a\n',
  );
});

test('the patch program applies what --fix and --diff print', async (t) => {
  const apply = (directory: string, strip: string, input: string) => {
    const options = ['-d', directory, strip, '--fuzz=0', '--no-backup-if-mismatch'];
    const { status, stdout } = spawnSync(needProgram('patch'), options, {
      input,
      encoding: 'utf8',
    });
    assert.equal(status, 0, stdout);
    assert.doesNotMatch(stdout, /offset|fuzz/);
  };
  const site = temporaryDirectory(t);
  for (const [name, text] of Object.entries(readExample('PD001', 'Wrong'))) {
    writeFileSync(join(site, name), text);
  }
  const doctor = (...args: string[]) =>
    runCommand(['doctor', 'config', ...args], {}, { cwd: site });
  assert.equal((await doctor('site.conf')).code, 1);
  apply(site, '-p0', (await doctor('site.conf', '--fix')).stdout);
  succeeded(await doctor('site.conf'));

  const kit = join(temporaryDirectory(t), 'conf');
  succeeded(await runCommand(['nginx', 'render', '--out', kit]));
  const changed = join(kit, 'postern-location.conf');
  writeFileSync(
    changed,
    readFileSync(changed, 'utf8').replace(/^.*$/m, '# changed by hand').trimEnd(),
  );
  const { code, stdout } = await runCommand(['nginx', 'render', '--diff', kit]);
  assert.equal(code, 1);
  apply(kit, '-p1', stdout);
  succeeded(await runCommand(['nginx', 'render', '--check', kit]));
});
