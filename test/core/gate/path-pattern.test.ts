import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  comparePaths,
  matchesPath,
  type PathPattern,
  parsePathPattern,
  relatePaths,
} from '../../../src/core/gate/path-pattern.ts';

function pattern(text: string): PathPattern {
  const parsed = parsePathPattern(text);
  if ('invalid' in parsed) throw new Error(`${text}: ${parsed.invalid}`);
  return parsed;
}

for (const [text, inside, outside] of [
  ['/', ['/', '/a', '/a/b/'], []],
  ['/ws', ['/ws', '/ws/', '/ws/1'], ['/wsx', '/', '/WS', '/a/ws', '/ws;x']],
  ['/ws/', ['/ws', '/ws/', '/ws/1'], ['/wsx']],
  ['=/ws', ['/ws'], ['/ws/', '/ws/1', '/wsx']],
  ['=/', ['/'], ['/a']],
  ['/rooms/*/ws', ['/rooms/1/ws'], ['/rooms//ws', '/rooms/1/2/ws', '/rooms/1/ws/', '/rooms/ws']],
  ['/rooms/*', ['/rooms/1'], ['/rooms', '/rooms/', '/rooms/1/']],
  ['/files/*.json', ['/files/a.json', '/files/.json'], ['/files/a.js', '/files/a.json/b']],
  ['/u-*', ['/u-1', '/u-'], ['/u', '/u-/1']],
  ['/*/live/**', ['/a/live', '/a/live/', '/a/live/b/c'], ['/live', '/a/lively']],
  ['/grün', ['/gr\u00c3\u00bcn'], ['/grün', '/grun']],
] as const) {
  test(`${text} covers what it says and nothing else`, () => {
    for (const path of inside) assert.ok(matchesPath(pattern(text), path), path);
    for (const path of outside) assert.ok(!matchesPath(pattern(text), path), path);
  });
}

for (const text of [
  ...['', 'ws', 'https://a/ws', '*', '=ws', '/a?b', '/a#b', '/a b', '/a%20b', '/a/../b', '/a//b'],
  ...['/a/.', '=/a/*', '/a/**/b', '/a**', '/*a*', '/a\n'],
]) {
  test(`"${text}" is no pattern`, () => {
    assert.ok('invalid' in parsePathPattern(text));
  });
}

for (const [a, b, relation] of [
  ['/', '/ws', 'wider'],
  ['/ws', '/ws/', 'equal'],
  ['/ws', '=/ws', 'wider'],
  ['/ws', '/wsx', 'disjoint'],
  ['=/ws', '=/ws', 'equal'],
  ['=/ws', '=/ws/', 'disjoint'],
  ['/rooms/*/ws', '/rooms', 'narrower'],
  ['/rooms/*/ws', '/rooms/1/ws', 'overlapping'],
  ['/rooms/*/ws', '=/rooms/1/ws', 'wider'],
  ['/a/*', '/*/b', 'overlapping'],
  ['/a*', '/*b', 'overlapping'],
  ['/a*', '/ab*', 'wider'],
  ['/a*c', '/b*', 'disjoint'],
  ['/*', '/', 'narrower'],
] as const) {
  test(`${a} is ${relation} to ${b}`, () => {
    const mirrored = { narrower: 'wider', wider: 'narrower' } as Record<string, string>;
    assert.equal(relatePaths(pattern(a), pattern(b)), relation);
    assert.equal(relatePaths(pattern(b), pattern(a)), mirrored[relation] ?? relation);
  });
}

const segment = fc.constantFrom('a', 'b', 'ab', 'aab', '*', 'a*', '*b', 'a*b');
const patterns = fc
  .tuple(fc.array(segment, { maxLength: 3 }), fc.constantFrom('', '/**', '='))
  .map(([segments, end]) => {
    const path = `/${segments.join('/')}`;
    if (end === '=' && !path.includes('*')) return `=${path}`;
    return end === '/**' && segments.length > 0 ? path + end : path;
  });
const paths = fc
  .array(fc.constantFrom('a', 'b', 'ab', 'aab', 'abb', 'c'), { maxLength: 4 })
  .map((segments) => `/${segments.join('/')}`);

test('the relation of two patterns is true of every path', () => {
  fc.assert(
    fc.property(patterns, patterns, fc.array(paths, { minLength: 20 }), (a, b, some) => {
      const relation = relatePaths(pattern(a), pattern(b));
      for (const path of some) {
        const [inA, inB] = [matchesPath(pattern(a), path), matchesPath(pattern(b), path)];
        if (relation === 'disjoint') assert.ok(!(inA && inB), path);
        if (relation === 'equal') assert.equal(inA, inB, path);
        if (relation === 'narrower') assert.ok(!inA || inB, path);
        if (relation === 'wider') assert.ok(!inB || inA, path);
      }
    }),
    { numRuns: 500 },
  );
});

test('a narrower pattern sorts before a wider one', () => {
  fc.assert(
    fc.property(patterns, patterns, (a, b) => {
      const relation = relatePaths(pattern(a), pattern(b));
      const order = comparePaths(pattern(a), pattern(b));
      if (relation === 'narrower') assert.ok(order < 0, `${a} ${b}`);
      if (relation === 'wider') assert.ok(order > 0, `${a} ${b}`);
    }),
    { numRuns: 500 },
  );
});
