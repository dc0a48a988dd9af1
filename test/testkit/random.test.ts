import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createRandom } from '../../testkit/random.ts';
import { median, quantile } from '../../testkit/statistics.ts';

test('the same seed gives the same choices, another one others', () => {
  const draw = (seed: number) => {
    const random = createRandom(seed);
    return Array.from({ length: 20 }, () => random.below(1_000));
  };
  assert.deepEqual(draw(7), draw(7));
  assert.notDeepEqual(draw(7), draw(8));
});

test('choices keep to their limits and reach all there is', () => {
  const random = createRandom(1);
  const seen = new Set(Array.from({ length: 1_000 }, () => random.between(3, 6)));
  assert.deepEqual([...seen].sort(), [3, 4, 5, 6]);
  const picked = new Set(Array.from({ length: 100 }, () => random.pick(['a', 'b'])));
  assert.deepEqual([...picked].sort(), ['a', 'b']);
  assert.throws(() => random.pick([]), /nothing to pick from/);
});

test('the median is the middle one, or the mean of the two in the middle, in any order', () => {
  assert.equal(median([9, 1, 5]), 5);
  assert.equal(median([10, 1, 2, 3]), 2.5);
  assert.ok(Number.isNaN(median([])));
  assert.equal(quantile([5, 1, 4, 2, 3], 0), 1);
  assert.equal(quantile([5, 1, 4, 2, 3], 1), 5);
});
