import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { ThrottleConfig } from '../../src/config/config.ts';
import { decide } from '../../src/core/decision/decide.ts';
import type { ThrottledNetwork, ThrottleInfo } from '../../src/core/model/throttle.ts';
import { deny } from '../../src/core/model/verdict.ts';
import { credentialSources } from '../../src/credentials/index.ts';
import { type NetworkSet, parseNetworks } from '../../src/lib/network.ts';
import type { StoredThrottle } from '../../src/store/port/throttles.ts';
import { createThrottle } from '../../src/throttle/service.ts';
import { aGate, aHandshake, anIdentity } from '../../testkit/examples.ts';

const now = 1_700_000_000_000;
const minute = 60_000;

function configOf(changes: Partial<ThrottleConfig> = {}): ThrottleConfig {
  return {
    enabled: true,
    failures: 10,
    window: 10 * minute,
    prefixLengths: { ipv4: 32, ipv6: 64 },
    exempt: undefined,
    persist: false,
    ...changes,
  };
}

function open(changes: Partial<ThrottleConfig> = {}) {
  const crossed: ThrottledNetwork[] = [];
  const told: StoredThrottle[] = [];
  const throttle = createThrottle(configOf(changes), {
    throttled: (network) => crossed.push(network),
    broadcast: (count) => told.push(count),
  });
  const at = (clientAddress: string | undefined, gate = 'chat', moment = now) => ({
    gate,
    clientAddress,
    now: moment,
  });
  const fail = (times: number, ...where: Parameters<typeof at>): (ThrottleInfo | undefined)[] =>
    Array.from({ length: times }, () => throttle.port.failed(at(...where), 1));
  const mayDoExpensiveWork = (...where: Parameters<typeof at>) =>
    throttle.port.mayDoExpensiveWork(at(...where));
  return { throttle, crossed, told, fail, mayDoExpensiveWork };
}

test('the attempts of a budget are free, and what fails after them is too many', () => {
  const { fail, mayDoExpensiveWork, crossed } = open();
  assert.deepEqual(fail(10, '203.0.113.7'), new Array(10).fill(undefined));
  assert.deepEqual(crossed, [
    {
      ...{ gate: 'chat', network: '203.0.113.7/32', since: now },
      ...{ until: now + 5 * minute, failures: 10 },
    },
  ]);
  assert.equal(fail(1, '203.0.113.7')[0]?.retryAfter, 5 * minute);
  assert.equal(mayDoExpensiveWork('203.0.113.7'), false);
  assert.equal(crossed.length, 1, 'said once');
});

test('each network and each gate counts for itself', () => {
  const { fail, mayDoExpensiveWork } = open();
  fail(20, '203.0.113.7');
  assert.deepEqual(fail(1, '203.0.113.8'), [undefined]);
  assert.deepEqual(fail(1, '203.0.113.7', 'media'), [undefined]);
  assert.equal(mayDoExpensiveWork('203.0.113.8'), true);
  assert.equal(mayDoExpensiveWork('203.0.113.7', 'media'), true);
});

test('an IPv6 client is its /64, and an IPv4-mapped address is IPv4', () => {
  const { fail, mayDoExpensiveWork } = open();
  for (let i = 0; i < 10; i++) fail(1, `2001:db8:1:2::${i.toString(16)}`);
  assert.equal(mayDoExpensiveWork('2001:db8:1:2:ffff::1'), false);
  assert.equal(mayDoExpensiveWork('2001:db8:1:3::1'), true);
  fail(5, '192.0.2.1');
  fail(5, '::ffff:192.0.2.1');
  assert.equal(mayDoExpensiveWork('::ffff:c000:201'), false);
});

test('the length of a network is the configuration’s', () => {
  const { fail, mayDoExpensiveWork } = open({ prefixLengths: { ipv4: 16, ipv6: 32 } });
  for (let i = 0; i < 10; i++) fail(1, `203.0.${i}.7`);
  for (let i = 0; i < 10; i++) fail(1, `2001:db8:${i}::1`);
  assert.equal(mayDoExpensiveWork('203.0.255.255'), false);
  assert.equal(mayDoExpensiveWork('2001:db8:ffff::1'), false);
});

test('whoever changes the address within a wider network runs into the budget of that', () => {
  const { fail, mayDoExpensiveWork, crossed } = open();
  for (let i = 1; i <= 200; i++) fail(10, `2001:db8:1:${i.toString(16)}::1`);
  const wide = crossed.filter(({ network }) => network === '2001:db8:1::/48');
  assert.equal(wide.length, 1);
  assert.equal(wide[0]?.failures, 160);
  assert.equal(mayDoExpensiveWork('2001:db8:1:ffff::1'), false);
  assert.equal(mayDoExpensiveWork('2001:db8:2::1'), true);
});

test('one network alone does not use up the budget of those around it', () => {
  const { fail, mayDoExpensiveWork, crossed } = open();
  fail(10_000, '203.0.113.7');
  assert.equal(mayDoExpensiveWork('203.0.113.8'), true);
  assert.deepEqual(
    crossed.map(({ network }) => network),
    ['203.0.113.7/32'],
  );
});

test('who has no address is one network, of which nobody is stopped', () => {
  const { fail, mayDoExpensiveWork } = open();
  const [last] = fail(11, undefined).slice(-1);
  assert.ok(last, 'wrong credentials are told so');
  assert.equal(mayDoExpensiveWork(undefined), true);
  assert.equal(mayDoExpensiveWork('203.0.113.7'), true);
});

test('nothing of an exempt network is counted', () => {
  const exempt = parseNetworks(['203.0.113.0/24']) as NetworkSet;
  const { fail, mayDoExpensiveWork, crossed } = open({ exempt });
  fail(100, '203.0.113.7');
  assert.equal(mayDoExpensiveWork('203.0.113.7'), true);
  assert.deepEqual(crossed, []);
});

test('where it is off nothing is counted', () => {
  const { fail, mayDoExpensiveWork, throttle } = open({ enabled: false });
  assert.deepEqual(fail(100, '203.0.113.7'), new Array(100).fill(undefined));
  assert.equal(mayDoExpensiveWork('203.0.113.7'), true);
  assert.equal(throttle.adminFailed('203.0.113.7', now), undefined);
});

test('while it is over a little work is done all the same: one piece for each failure that is free', () => {
  const { fail, mayDoExpensiveWork } = open();
  fail(10, '203.0.113.7');
  const looks: boolean[] = [];
  for (let moment = now; moment < now + 4 * minute; moment += 10_000) {
    fail(1, '203.0.113.7', 'chat', moment);
    looks.push(mayDoExpensiveWork('203.0.113.7', 'chat', moment));
  }
  assert.equal(looks.filter(Boolean).length, 3);
});

test('of denials that are alike one a window is written down, with how many were not', () => {
  const { fail } = open();
  fail(10, '203.0.113.7');
  const records = (times: number, moment: number) =>
    fail(times, '203.0.113.7', 'chat', moment).map((tooMany) => tooMany?.record);
  assert.deepEqual(records(3, now), [{ omitted: 0 }, 'skip', 'skip']);
  for (const minutes of [3, 6, 9]) {
    assert.deepEqual(records(3, now + minutes * minute), ['skip', 'skip', 'skip']);
  }
  assert.deepEqual(records(2, now + 12 * minute), [{ omitted: 11 }, 'skip']);
});

test('asking what would be counts nothing and uses nothing up', () => {
  const { throttle, fail } = open();
  const attempt = { gate: 'chat', clientAddress: '203.0.113.7', now };
  for (let i = 0; i < 100; i++) assert.equal(throttle.dryPort.failed(attempt, 1), undefined);
  fail(10, '203.0.113.7');
  const later = { ...attempt, now: now + minute };
  assert.equal(throttle.dryPort.mayDoExpensiveWork(later), false);
  assert.ok(throttle.dryPort.failed(later, 1));
  assert.equal(
    throttle.port.mayDoExpensiveWork(later),
    true,
    'the piece of work is still to be had',
  );
});

test('wrong admin keys are counted by themselves, and a Unix socket is one place', () => {
  const { throttle, fail, mayDoExpensiveWork, crossed } = open();
  for (let i = 0; i < 10; i++) assert.equal(throttle.adminFailed(undefined, now), undefined);
  assert.ok(throttle.adminFailed(undefined, now));
  assert.deepEqual([crossed[0]?.gate, crossed[0]?.network], [undefined, 'unix']);
  assert.equal(throttle.adminFailed('127.0.0.1', now), undefined);
  fail(5, '127.0.0.1');
  assert.equal(mayDoExpensiveWork('127.0.0.1'), true);
});

test('the list says who, since when and until when, and clearing forgets the ones that are meant', () => {
  const { throttle, fail, mayDoExpensiveWork } = open();
  fail(10, '203.0.113.7');
  fail(12, '192.0.2.1', 'media', now + 1_000);
  fail(9, '192.0.2.2', 'media');
  const listed = () =>
    throttle.list(now + 1_000).map(({ gate, network, failures }) => [gate, network, failures]);
  assert.deepEqual(listed(), [
    ['chat', '203.0.113.7/32', 10],
    ['media', '192.0.2.1/32', 12],
  ]);
  assert.equal(throttle.clear({ gate: 'chat', network: '192.0.2.1' }, now + 1_000).length, 0);
  assert.equal(throttle.clear({ network: '203.0.113.7/32' }, now + 1_000).length, 1);
  assert.equal(mayDoExpensiveWork('203.0.113.7'), true);
  assert.deepEqual(listed(), [['media', '192.0.2.1/32', 12]]);
  assert.equal(throttle.clear({}, now + 1_000).length, 1);
  assert.deepEqual(listed(), []);
  assert.deepEqual(
    fail(1, '192.0.2.2', 'media'),
    [undefined],
    'what was not over is forgotten too',
  );
});

test('an address means its network and the one around it, however a network is written', () => {
  const { throttle, fail } = open();
  for (let i = 1; i <= 16; i++) fail(10, `2001:db8:1:${i}::1`);
  assert.equal(throttle.list(now).length, 17);
  const cleared = throttle.clear({ network: '2001:DB8:1:5::9' }, now).map(({ network }) => network);
  assert.deepEqual(cleared.sort(), ['2001:db8:1:5::/64', '2001:db8:1::/48']);
  assert.equal(throttle.clear({ network: '2001:db8:1:6:0:0:0:0/64' }, now).length, 1);
  assert.equal(throttle.clear({ network: 'nonsense' }, now).length, 0);
});

test('another process that is told goes on from there', () => {
  const first = open();
  const second = open();
  first.fail(10, '203.0.113.7');
  assert.equal(first.told.length, 1);
  second.throttle.merge(first.told);
  assert.equal(second.mayDoExpensiveWork('203.0.113.7'), false);
  assert.ok(second.fail(1, '203.0.113.7')[0]);
  assert.deepEqual(second.crossed, [], 'it was said where it happened');
  assert.equal(second.mayDoExpensiveWork('203.0.113.7', 'chat', now + 6 * minute), true);
});

test('others are told now and then while it goes on, not each time', () => {
  const { fail, told } = open();
  for (let moment = now; moment < now + 10 * minute; moment += 1_000) {
    fail(10, '203.0.113.7', 'chat', moment);
  }
  assert.ok(told.length >= 4 && told.length <= 6, String(told.length));
});

test('other limits hold from the moment they are in force, for what was counted before', () => {
  const { throttle, fail, mayDoExpensiveWork } = open();
  fail(9, '203.0.113.7');
  throttle.configure(configOf({ failures: 5 }));
  fail(1, '203.0.113.7');
  assert.equal(mayDoExpensiveWork('203.0.113.7'), false);
  throttle.configure(configOf({ failures: 1_000 }));
  assert.equal(mayDoExpensiveWork('203.0.113.7'), true);
  throttle.configure(configOf({ failures: 5, exempt: parseNetworks(['private']) as NetworkSet }));
  fail(20, '10.0.0.1');
  assert.equal(mayDoExpensiveWork('10.0.0.1'), true);
});

test('whatever others did, a good token of ours passes, and a wrong one never does', async () => {
  const address = fc.constantFrom('203.0.113.7', '203.0.113.8', '2001:db8::1', undefined);
  const step = fc.record({
    clientAddress: address,
    wait: fc.integer({ min: 0, max: 3 * minute }),
    token: fc.constantFrom('good', 'bogus', 'jwt'),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 120 }), async (steps) => {
      const { throttle } = open({ failures: 4 });
      const ports = {
        sources: credentialSources,
        async verify(
          { value }: { value: string },
          _now: number,
          mayDoExpensiveWork: () => boolean,
        ) {
          if (value === 'good') return anIdentity();
          if (value === 'jwt')
            return deny(mayDoExpensiveWork() ? 'invalid_signature' : 'throttled');
          return deny('unknown_token');
        },
        bridgeOf: () => undefined,
        redeem: async () => undefined,
        throttle: throttle.port,
      };
      let moment = now;
      for (const { clientAddress, wait, token } of steps) {
        moment += wait;
        const handshake = aHandshake({ clientAddress, query: `token=${token}` });
        const verdict = await decide({ handshake, gate: aGate(), now: moment }, ports);
        assert.equal(verdict.verdict, token === 'good' ? 'allow' : 'deny');
      }
    }),
    { numRuns: 300 },
  );
});
