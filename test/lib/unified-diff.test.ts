import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { renderUnifiedDiff } from '../../src/lib/unified-diff.ts';

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

test('a difference turns one text into the other', () => {
  const text = fc
    .tuple(
      fc.array(fc.constantFrom('a\n', 'b\n', 'c\n', '\n'), { maxLength: 40 }),
      fc.constantFrom('', 'd'),
    )
    .map(([lines, last]) => `${lines.join('')}${last}`);
  fc.assert(
    fc.property(text, text, (before, after) => {
      const diff = renderUnifiedDiff('file', before, after);
      assert.equal(diff === '', before === after);
      assert.equal(patch(before, diff), after);
    }),
  );
});

test('a change far from another has a part of its own, with three lines around it', () => {
  const lines = Array.from({ length: 20 }, (_, index) => `${index + 1}\n`);
  const after = lines.with(1, 'two\n').with(17, 'eighteen\n').join('');
  assert.equal(
    renderUnifiedDiff('f', lines.join(''), after),
    '--- a/f\n+++ b/f\n@@ -1,5 +1,5 @@\n 1\n-2\n+two\n 3\n 4\n 5\n' +
      '@@ -15,6 +15,6 @@\n 15\n 16\n 17\n-18\n+eighteen\n 19\n 20\n',
  );
});

test('a text of any length is compared, and a missing one is new altogether', () => {
  const long = 'x\n'.repeat(300_000);
  assert.equal(patch(long, renderUnifiedDiff('f', long, 'y\n'.repeat(20))), 'y\n'.repeat(20));
  assert.equal(
    renderUnifiedDiff('f', undefined, 'a\n'),
    '--- /dev/null\n+++ b/f\n@@ -0,0 +1,1 @@\n+a\n',
  );
});
