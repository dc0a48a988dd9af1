import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { exhaustedUntil, LeakyBuckets } from '../../src/throttle/leaky-buckets.ts';

const budget = { failures: 10, window: 10_000 };
const start = 1_000_000;

/** As many failed attempts at one moment. */
function fail(attempts: LeakyBuckets, times: number, now = start, name = 'a'): void {
  for (let i = 0; i < times; i++) attempts.add(name, 1, 1, budget, now);
}

test('it is over with the last attempt of its budget, and not before', () => {
  const attempts = new LeakyBuckets();
  fail(attempts, 9);
  assert.equal(attempts.isAnyExhausted, false);
  const { justExhausted, wasExhausted, bucket } = attempts.add('a', 1, 1, budget, start);
  assert.deepEqual([justExhausted, wasExhausted, bucket.since], [true, false, start]);
  assert.ok(attempts.findExhausted('a', budget, start));
  assert.equal(attempts.findExhausted('b', budget, start), undefined);
  const next = attempts.add('a', 1, 1, budget, start);
  assert.deepEqual([next.justExhausted, next.wasExhausted], [false, true]);
});

test('failures leak evenly: as many as the budget within a window are always free', () => {
  const attempts = new LeakyBuckets();
  for (let i = 0; i < 500; i++) fail(attempts, 1, start + i * 1_000);
  assert.equal(attempts.isAnyExhausted, false);
});

test('it recovers by itself, half a window after the last failure, however many there were', () => {
  for (const times of [10, 10_000]) {
    const attempts = new LeakyBuckets();
    fail(attempts, times);
    const count = attempts.findExhausted('a', budget, start);
    assert.ok(count);
    assert.equal(exhaustedUntil(count, budget), start + 5_000);
    assert.ok(attempts.findExhausted('a', budget, start + 4_999));
    assert.equal(attempts.findExhausted('a', budget, start + 5_000), undefined);
    assert.equal(attempts.isAnyExhausted, false);
  }
});

test('what goes on failing stays over', () => {
  const attempts = new LeakyBuckets();
  fail(attempts, 10);
  for (let now = start; now < start + 60_000; now += 900) {
    fail(attempts, 1, now);
    assert.ok(attempts.findExhausted('a', budget, now), `at ${now}`);
  }
});

test('one that is over no longer is looked for, though nobody asks for it', () => {
  const attempts = new LeakyBuckets();
  fail(attempts, 10);
  attempts.findExhausted('another', budget, start + 60_000);
  assert.equal(attempts.isAnyExhausted, false);
});

test('a clock that is set back neither lengthens nor ends it', () => {
  const attempts = new LeakyBuckets();
  fail(attempts, 10);
  const earlier = start - 3_600_000;
  assert.ok(attempts.findExhausted('a', budget, earlier));
  assert.ok(attempts.findExhausted('a', budget, earlier + 4_000));
  assert.equal(attempts.findExhausted('a', budget, earlier + 5_000), undefined);
});

test('other limits count what was counted: fewer failures are over at once and end in time', () => {
  const attempts = new LeakyBuckets();
  fail(attempts, 9);
  const strict = { failures: 5, window: 10_000 };
  attempts.add('a', 1, 1, strict, start);
  const count = attempts.findExhausted('a', strict, start);
  assert.ok(count);
  assert.equal(exhaustedUntil(count, strict), start + 5_000);
  const generous = { failures: 100, window: 10_000 };
  assert.equal(attempts.findExhausted('a', generous, start), undefined);
});

test('a million networks that fail once take the room of those that are kept', () => {
  const attempts = new LeakyBuckets();
  for (let i = 0; i < 1_000_000; i++) attempts.add(`gate 10.${i}/32`, 1, 1, budget, start);
  assert.equal(attempts.size, 20_000);
});

test('a million networks that are over take no more room than that again, and all end', () => {
  const attempts = new LeakyBuckets(1_000);
  const one = { failures: 1, window: 10_000 };
  for (let i = 0; i < 1_000_000; i++) attempts.add(`gate ${i}`, 1, 1, one, start);
  // As many that are over, and as many that will be when there is room.
  assert.equal(attempts.size, 2_000);
  assert.equal([...attempts.allExhausted(one, start)].length, 1_000);
  assert.equal([...attempts.allExhausted(one, start + 10_000)].length, 0);
  assert.equal(attempts.isAnyExhausted, false);
});

test('a flood of other networks does not make it forget the one that goes on failing', () => {
  const attempts = new LeakyBuckets(100);
  fail(attempts, 10);
  for (let i = 0; i < 10_000; i++) {
    attempts.add(`other ${i}`, 1, 1, budget, start);
    if (i % 50 === 0) fail(attempts, 1);
  }
  assert.ok(attempts.findExhausted('a', budget, start));
});

test('one that is over is not forgotten for strangers, whether these fail once or are over too', () => {
  const attempts = new LeakyBuckets(100);
  fail(attempts, 10);
  for (let i = 0; i < 10_000; i++) attempts.add(`once ${i}`, 1, 1, budget, start);
  assert.ok(attempts.findExhausted('a', budget, start));
  for (let i = 0; i < 1_000; i++) fail(attempts, 10, start, `over ${i}`);
  assert.ok(attempts.findExhausted('a', budget, start));
  assert.equal(attempts.findExhausted('over 999', budget, start), undefined);
  // There is room when others have recovered.
  fail(attempts, 10, start + 5_000, 'over 999');
  assert.ok(attempts.findExhausted('over 999', budget, start + 5_000));
});

test('one that has recovered keeps what is left of its count', () => {
  const attempts = new LeakyBuckets();
  fail(attempts, 10);
  assert.equal(attempts.findExhausted('a', budget, start + 5_000), undefined);
  fail(attempts, 5, start + 5_000);
  assert.ok(attempts.findExhausted('a', budget, start + 5_000));
});

test('what is forgotten begins anew', () => {
  const attempts = new LeakyBuckets();
  fail(attempts, 10, start, 'a');
  fail(attempts, 10, start, 'b');
  attempts.forget((name) => name === 'a');
  assert.equal(attempts.findExhausted('a', budget, start), undefined);
  assert.ok(attempts.findExhausted('b', budget, start));
  fail(attempts, 9);
  assert.equal(attempts.findExhausted('a', budget, start), undefined);
});

test('whatever comes when, it is over only after a budget within a window, and ends within one', () => {
  const event = fc.record({ wait: fc.integer({ min: 0, max: 3_000 }), times: fc.nat({ max: 12 }) });
  fc.assert(
    fc.property(fc.array(event, { maxLength: 40 }), (events) => {
      const attempts = new LeakyBuckets();
      const failures: number[] = [];
      let now = start;
      for (const { wait, times } of events) {
        now += wait;
        fail(attempts, times, now);
        for (let i = 0; i < times; i++) failures.push(now);
        const isOver = attempts.findExhausted('a', budget, now) !== undefined;
        // It may be over for half a window after that, so what led to it is no older than that.
        const recent = failures.filter((at) => at > now - 2.5 * budget.window).length;
        if (isOver) assert.ok(recent >= budget.failures / 2, `${recent} at ${now}`);
        const burst = failures.filter((at) => at === now).length;
        if (burst >= budget.failures) assert.ok(isOver);
      }
      assert.equal(attempts.findExhausted('a', budget, now + budget.window), undefined);
    }),
  );
});
