import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AdmissionFilter } from '../../src/lib/admission-filter.ts';

/** A hash that is looked for at the place of all these hashes. */
function hashAtOnePlace(mark: number): Uint8Array {
  const hash = Buffer.alloc(32);
  hash.writeUInt32LE(7, 0);
  hash.writeUInt32LE(mark, 4);
  return hash;
}

test('two hashes that share a place do not make each other forgotten', () => {
  const seen = new AdmissionFilter();
  const [one, other] = [hashAtOnePlace(1), hashAtOnePlace(2)];
  assert.deepEqual(
    [one, other, one, other].map((hash) => seen.seenBefore(hash)),
    [...[false, false], ...[true, true]],
  );
});

test('of many at one place, those that came last are recognised', () => {
  const seen = new AdmissionFilter();
  const hashes = [1, 2, 3].map(hashAtOnePlace);
  for (const hash of hashes) assert.equal(seen.seenBefore(hash), false);
  assert.deepEqual(
    [3, 2, 1].map((mark) => seen.seenBefore(hashAtOnePlace(mark))),
    [true, true, false],
  );
});
