import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { openScope } from '../../testkit/scope.ts';

test('a scope undoes everything once, the latest first', async () => {
  const scope = openScope();
  const undone: string[] = [];
  scope.after(() => void undone.push('first'));
  scope.after(async () => void undone.push('second'));
  const directory = temporaryDirectory(scope);
  assert.ok(existsSync(directory));
  await scope.close();
  assert.ok(!existsSync(directory));
  await scope.close();
  assert.deepEqual(undone, ['second', 'first']);
});
