import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readOptions } from '../../seam/options.ts';
import { renderFinding } from '../../seam/report.ts';

const known = ['paths', 'directives'];

test('all properties are tried for a minute when nothing is said', () => {
  const { seed, ...rest } = readOptions([], known);
  assert.ok(Number.isSafeInteger(seed));
  assert.deepEqual(rest, { properties: known, cases: undefined, seconds: 60, replay: undefined });
});

test('one property, so many cases, and a seed', () => {
  assert.deepEqual(readOptions(['--paths', '--cases', '100_000', '--seed', '7'], known), {
    ...{ properties: ['paths'], cases: 100_000, seconds: undefined, seed: 7, replay: undefined },
  });
});

test('what the command cannot mean is refused', () => {
  assert.throws(() => readOptions(['--path'], known), /Unknown option '--path'/);
  assert.throws(() => readOptions(['--cases', 'many'], known), /--cases takes a whole number/);
  assert.throws(() => readOptions(['--seed', '0'], known), /--seed takes a whole number/);
  assert.throws(() => readOptions(['--replay', '{}'], known), /--replay needs the property/);
});

test('the command that tries a case again is safe in a shell', () => {
  const finding = { key: 'k', words: 'broken', text: `{"target":"/it's"}` };
  assert.equal(
    renderFinding('paths', finding),
    `broken\n  npm run seam -- --paths --replay '{"target":"/it'\\''s"}'`,
  );
});
