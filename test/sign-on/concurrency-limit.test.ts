import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createConcurrencyLimit } from '../../src/sign-on/concurrency-limit.ts';
import { RequestFailed } from '../../src/sign-on/request-failure.ts';

const never = new AbortController().signal;
const late = new RequestFailed({ name: 'TimeoutError' }, true);
const unreachable = new RequestFailed({ code: 'ECONNREFUSED' }, false);

/** A limiter, and tasks that end when a test says so. */
function startLimited(most: number) {
  const limiter = createConcurrencyLimit(most);
  const begun: { from: string | undefined; end: (error?: Error) => Promise<void> }[] = [];
  const run = (from: string | undefined, signal = never) => {
    const outcome = limiter.run(
      from,
      () =>
        new Promise<string>((resolve, reject) => {
          const end = async (error?: Error) => {
            if (error === undefined) resolve('done');
            else reject(error);
            await outcome?.catch(() => {});
          };
          begun.push({ from, end });
        }),
      signal,
    );
    // Tests look at what has begun.
    outcome?.catch(() => {});
    return outcome;
  };
  const fail = async (from: string, error: Error) => {
    const before = begun.length;
    run(from);
    assert.equal(begun.length, before + 1, `${from} may not begin`);
    await begun.at(-1)?.end(error);
  };
  const from = () => begun.map((task) => task.from);
  return { limiter, begun, run, fail, from };
}

test('a network has three quarters of the places, and whoever comes next finds one', () => {
  const { run, from } = startLimited(64);
  for (let i = 0; i < 200; i++) run('203.0.113.7');
  assert.equal(from().length, 48);
  for (let i = 0; i < 200; i++) run('198.51.100.1');
  run('192.0.2.1');
  run('2001:db8::1');
  assert.deepEqual(from().slice(-2), ['192.0.2.1', '2001:db8::1']);
});

test('changing addresses within a /24, or a /48, gets nobody more than that', () => {
  const { run, from } = startLimited(64);
  for (let i = 0; i < 256; i++) run(`203.0.113.${i}`);
  assert.equal(from().length, 48);
  const other = startLimited(64);
  for (let i = 0; i < 256; i++) other.run(`2001:db8:7:${i.toString(16)}::1`);
  assert.equal(other.from().length, 48);
});

test('those who wait take turns, network by network', async () => {
  const { run, begun, from } = startLimited(1);
  run('192.0.2.1');
  for (let i = 0; i < 2; i++) run('203.0.113.7');
  run('198.51.100.1');
  run('2001:db8::1');
  for (let i = 0; i < 5; i++) await begun[i]?.end();
  assert.deepEqual(from(), [
    ...['192.0.2.1', '203.0.113.7', '198.51.100.1', '2001:db8::1', '203.0.113.7'],
  ]);
});

test('where there is no room to wait it says so at once, and a network does not take all of it', async () => {
  const { run } = startLimited(4);
  const outcomes = Array.from({ length: 100 }, () => run('203.0.113.7'));
  assert.equal(outcomes.filter((outcome) => outcome === undefined).length, 85);
  assert.notEqual(run('198.51.100.1'), undefined);
});

test('whoever waited too long does not begin', async () => {
  const { run, begun, from } = startLimited(1);
  run('192.0.2.1');
  const patience = new AbortController();
  const waiting = run('203.0.113.7', patience.signal);
  patience.abort();
  assert.equal(await waiting, 'too_late');
  assert.equal(await run('203.0.113.7', patience.signal), 'too_late');
  await begun[0]?.end();
  assert.deepEqual(from(), ['192.0.2.1']);
});

test('a network whose questions fail has one at a time, and no other does', async () => {
  const { run, begun, fail, from } = startLimited(64);
  for (let i = 0; i < 3; i++) await fail('203.0.113.7', late);
  run('203.0.113.7');
  assert.equal(run('203.0.113.7'), undefined);
  const before = from().length;
  for (let i = 0; i < 10; i++) run('203.0.113.8');
  assert.equal(from().length, before + 10);
  // One answer, and it is over.
  await begun[3]?.end();
  for (let i = 0; i < 5; i++) run('203.0.113.7');
  assert.equal(from().length, before + 15);
});

test('while the service cannot be reached there is one question at a time, until it is reached', async () => {
  const { limiter, run, fail, from } = startLimited(64);
  for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.3']) await fail(address, unreachable);
  run('192.0.2.4');
  assert.equal(run('192.0.2.5'), undefined);
  limiter.serviceReached();
  run('192.0.2.5');
  assert.deepEqual(from().slice(-2), ['192.0.2.4', '192.0.2.5']);
});
