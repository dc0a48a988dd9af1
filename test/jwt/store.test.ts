import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { JwtReference } from '../../src/core/model/identity.ts';
import { temporaryDirectory } from '../../testkit/directory.ts';
import { openUnrecordedStore, type UnrecordedStore } from '../../testkit/store.ts';

/** Two connections to one store. */
function openTwice(t: TestContext): [UnrecordedStore['jwts'], UnrecordedStore['jwts']] {
  const directory = temporaryDirectory(t);
  const stores = [openUnrecordedStore(directory), openUnrecordedStore(directory)] as const;
  t.after(() => Promise.all(stores.map((store) => store.close())));
  return [stores[0].jwts, stores[1].jwts];
}

const key: JwtReference & { jti: string } = { iss: 'i', jti: 'j', subject: 's', issuedAt: 1_000 };
const always = { revokedAt: 1, expiresAt: undefined };

test('one of two simultaneous redemptions wins, and both sides know of it', async (t) => {
  const [one, other] = openTwice(t);
  for (let i = 0; i < 20; i++) {
    const jwt = { ...key, jti: `j${i}` };
    const won = await Promise.all([one, other, one].map((store) => store.redeem(jwt, 5_000, 1)));
    assert.equal(won.filter(Boolean).length, 1);
    assert.deepEqual(await other.find(jwt), { revoked: false, used: true });
  }
});

test('a JWT that was revoked between look and redemption is not redeemed', async (t) => {
  const [one, other] = openTwice(t);
  assert.deepEqual(await one.find(key), { revoked: false, used: false });
  await other.revoke({ ...always, iss: 'i', target: { subject: 's', issuedBefore: 1_000 } });
  assert.equal(await one.redeem(key, 5_000, 1), false);
  assert.deepEqual(await one.find(key), { revoked: true, used: false });
  assert.equal(await one.redeem({ ...key, issuedAt: 1_001 }, 5_000, 1), true);
});

for (const [what, change, expected] of [
  [
    'a revocation',
    (store) => store.revoke({ ...always, iss: 'i', target: { jti: 'j' } }),
    { revoked: true, used: false },
  ],
  ['a use', (store) => store.redeem(key, 5_000, 1), { revoked: false, used: true }],
] as const satisfies readonly (readonly [
  string,
  (store: UnrecordedStore['jwts']) => Promise<unknown>,
  { revoked: boolean; used: boolean },
])[]) {
  test(`the first of all to be stored, ${what}, is seen at once on both sides`, async (t) => {
    const stores = openTwice(t);
    const look = () => Promise.all([...stores, ...stores].map((store) => store.find(key)));
    for (const found of await look()) assert.deepEqual(found, { revoked: false, used: false });
    await change(stores[0]);
    for (const found of await look()) assert.deepEqual(found, expected);
  });
}

test('a revocation target its own issuer, jti or subject to the letter', async (t) => {
  const [store] = openTwice(t);
  await store.revoke({ ...always, iss: 'i', target: { jti: 'j' } });
  await store.revoke({ ...always, iss: 'i', target: { subject: 'S', issuedBefore: 2_000 } });
  const cases: [Partial<JwtReference>, boolean][] = [
    [{}, true],
    [{ issuedAt: undefined }, true],
    [{ iss: 'I' }, false],
    [{ jti: 'J' }, false],
    [{ jti: 'j\0' }, false],
    [{ jti: undefined }, false],
    [{ jti: 's' }, false],
    [{ jti: undefined, subject: 'S' }, true],
    [{ jti: undefined, subject: 'S', issuedAt: undefined }, true],
    [{ jti: undefined, subject: 'S', issuedAt: 2_000 }, true],
    [{ jti: undefined, subject: 'S', issuedAt: 2_000.5 }, false],
    [{ jti: undefined, subject: 'S', iss: 'k' }, false],
    [{ jti: undefined, subject: 'j' }, false],
  ];
  for (const [facts, revoked] of cases) {
    assert.equal((await store.find({ ...key, ...facts })).revoked, revoked, JSON.stringify(facts));
  }
});

test('pruning takes what expired before a moment, in batches, and nothing else', async (t) => {
  const [store] = openTwice(t);
  for (let i = 0; i < 3; i++) {
    await store.revoke({ iss: 'i', target: { jti: `r${i}` }, revokedAt: 1, expiresAt: 100 + i });
    await store.redeem({ ...key, jti: `u${i}` }, 100 + i, 1);
  }
  await store.revoke({ ...always, iss: 'i', target: { jti: 'for good' } });
  assert.equal(await store.prune(100, 10), 0);
  assert.equal(await store.prune(102, 3), 3);
  assert.equal(await store.prune(102, 3), 1);
  assert.equal(await store.prune(102, 3), 0);
  assert.deepEqual(await store.find({ ...key, jti: 'u2' }), { revoked: false, used: true });
  assert.deepEqual(await store.find({ ...key, jti: 'u1' }), { revoked: false, used: false });
  const { revocations } = await store.list({ limit: 10 });
  assert.deepEqual(
    revocations.map(({ target }) => 'jti' in target && target.jti),
    ['for good', 'r2'],
  );
  assert.deepEqual(await store.list({ limit: 10, cursor: 'x' }), {
    revocations: [],
    nextCursor: undefined,
  });
});
