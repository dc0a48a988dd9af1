import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isBelow, resolvePath } from '../../../src/core/gate/path.ts';

const cases: readonly [path: string, resolved: string | undefined][] = [
  ['/', '/'],
  ['/a', '/a'],
  ['/a/', '/a/'],
  ['//a///b', '/a/b'],
  ['/a/./b', '/a/b'],
  ['/a/.', '/a/'],
  ['/a/../b', '/b'],
  ['/a/b/..', '/a/'],
  ['/a/..', '/'],
  ['/..', undefined],
  ['/a/../../b', undefined],
  ['/%61', '/a'],
  ['/a%2fb', '/a/b'],
  ['/a/%2e%2e/b', '/b'],
  ['/a%2f..%2fb', '/b'],
  ['/a%2f%2Fb', '/a/b'],
  ['/...', '/...'],
  ['/a;x', '/a;x'],
  ['/A', '/A'],
  ['/a%', undefined],
  ['/a%2', undefined],
  ['/a%zz', undefined],
  ['/a%00', undefined],
  ['/%25%36%31', '/%61'],
];

for (const [path, resolved] of cases) {
  test(`${path} is ${resolved ?? 'no path'}`, () => assert.equal(resolvePath(path), resolved));
}

test('a resolved path is the root or below it, and has nothing left to resolve', () => {
  const part = fc.constantFrom('a', 'b', '.', '..', '', '%2e', '%2f', '%41', '...', '%25');
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const resolved = resolvePath(`/${parts.join('/')}`);
      if (resolved === undefined) return;
      assert.match(resolved, /^\//);
      assert.ok(!resolved.includes('//'));
      assert.ok(!resolved.split('/').some((segment) => segment === '.' || segment === '..'));
    }),
  );
});

test('a prefix covers itself and what lies below, and no longer name', () => {
  assert.ok(isBelow('/ws', '/ws'));
  assert.ok(isBelow('/ws/1', '/ws'));
  assert.ok(isBelow('/ws/', '/ws/'));
  assert.ok(isBelow('/anything', '/'));
  assert.ok(!isBelow('/wsx', '/ws'));
  assert.ok(!isBelow('/ws', '/ws/'));
  assert.ok(!isBelow('/WS', '/ws'));
});
