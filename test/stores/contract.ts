import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { type Token, tokenState, tokenStates } from '../../src/core/token.ts';
import {
  type NewToken,
  StoreUnavailable,
  type TokenFilter,
  type TokenStore,
} from '../../src/stores/store.ts';

/** A place where a store keeps its tokens. It goes with the test. */
export interface StorePlace {
  /** Opens the store, as one more process would. Whatever is opened is closed after the test. */
  open(): TokenStore;
}

/** A token about to be stored, good for everything and forever but for these facts. */
export function newToken(id: string, facts: Partial<NewToken> = {}): NewToken {
  return {
    id,
    hash: hashOf(id),
    kind: 'token',
    subject: 'alice',
    label: undefined,
    claims: {},
    gates: [],
    createdAt: 1_000,
    expiresAt: undefined,
    maxUses: undefined,
    ...facts,
  };
}

function hashOf(text: string): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(text).digest());
}

/** What every store has to do, whatever it is made of. `place` makes an empty place for a test. */
export function testStoreContract(name: string, place: (t: TestContext) => StorePlace): void {
  const contract = (what: string, work: (store: TokenStore, place: StorePlace) => Promise<void>) =>
    test(`${name}: ${what}`, async (t) => {
      const here = place(t);
      await work(here.open(), here);
    });

  contract('a token is found again as it was stored', async (store) => {
    const tokens: NewToken[] = [
      newToken('tok_plain'),
      newToken('tok_full', {
        kind: 'ticket',
        subject: 'Zoë "O’Neil" \u{1f600}; DROP TABLE token',
        label: "it's a label",
        claims: { email: 'a@example.com', groups: ['a', 'b'], nested: { deep: [1, null, true] } },
        gates: ['chat', 'grist'],
        createdAt: 1_700_000_000_001,
        expiresAt: 4_855_593_600_000,
        maxUses: 1,
      }),
      newToken('tok_odd', { claims: JSON.parse('{"__proto__": {"admin": true}, "": 0}') }),
    ];
    for (const token of tokens) await store.insert(token);
    for (const { hash, ...rest } of tokens) {
      const stored: Token = { ...rest, revokedAt: undefined, uses: 0 };
      assert.deepEqual(await store.findByHash(hash), stored);
      assert.deepEqual(await store.findById(stored.id), stored);
    }
  });

  contract('what is not there is not found', async (store) => {
    await store.insert(newToken('tok_a'));
    assert.equal(await store.findById('tok_b'), undefined);
    assert.equal(await store.findById('TOK_A'), undefined);
    assert.equal(await store.findById(''), undefined);
    assert.equal(await store.findByHash(hashOf('tok_b')), undefined);
    assert.equal(await store.findByHash(new Uint8Array()), undefined);
  });

  contract('a second token with one id or one hash is not stored', async (store) => {
    await store.insert(newToken('tok_a', { subject: 'first' }));
    await assert.rejects(store.insert(newToken('tok_a', { hash: hashOf('b') })), StoreUnavailable);
    const sameHash = newToken('tok_b', { hash: hashOf('tok_a') });
    await assert.rejects(store.insert(sameHash), StoreUnavailable);
    assert.equal((await store.findById('tok_a'))?.subject, 'first');
    assert.deepEqual(await idsOf(store), ['tok_a']);
  });

  contract('what one connection has written the other sees', async (store, place) => {
    const other = place.open();
    await store.insert(newToken('tok_a'));
    assert.equal((await other.findById('tok_a'))?.id, 'tok_a');
    await other.revoke('tok_a', 5);
    assert.equal((await store.findById('tok_a'))?.revokedAt, 5);
  });

  contract('one of two simultaneous redemptions of a ticket wins', async (store, place) => {
    const other = place.open();
    for (let i = 0; i < 20; i++) {
      const id = `tok_${i}`;
      await store.insert(newToken(id, { kind: 'ticket', maxUses: 1 }));
      const won = await Promise.all([store, other, store].map((one) => one.redeem(id, 2_000)));
      assert.equal(won.filter(Boolean).length, 1);
      assert.equal((await store.findById(id))?.uses, 1);
    }
  });

  contract('a token with several uses is let through as often, and no more', async (store) => {
    await store.insert(newToken('tok_a', { maxUses: 3 }));
    const won = [];
    for (let i = 0; i < 5; i++) won.push(await store.redeem('tok_a', 2_000 + i));
    assert.deepEqual(won, [true, true, true, false, false]);
    assert.equal((await store.findById('tok_a'))?.uses, 3);
  });

  contract('a token whose uses are not counted cannot be redeemed', async (store) => {
    await store.insert(newToken('tok_a'));
    assert.equal(await store.redeem('tok_a', 2_000), false);
    assert.equal((await store.findById('tok_a'))?.uses, 0);
  });

  contract('a ticket is refused from the millisecond of its expiry, unpruned', async (store) => {
    for (const [id, at, won] of [
      ['tok_before', 1_999, true],
      ['tok_at', 2_000, false],
      ['tok_after', 2_001, false],
    ] as const) {
      await store.insert(newToken(id, { kind: 'ticket', maxUses: 1, expiresAt: 2_000 }));
      assert.equal(await store.redeem(id, at), won, id);
      assert.equal((await store.findById(id))?.uses, won ? 1 : 0);
    }
  });

  contract('a revoked ticket and an unknown one cannot be redeemed', async (store) => {
    await store.insert(newToken('tok_a', { kind: 'ticket', maxUses: 1 }));
    await store.revoke('tok_a', 2_000);
    assert.equal(await store.redeem('tok_a', 2_000), false);
    assert.equal(await store.redeem('tok_nobody', 2_000), false);
  });

  contract('a second revocation changes nothing', async (store) => {
    await store.insert(newToken('tok_a'));
    await store.insert(newToken('tok_b'));
    assert.equal(await store.revoke('tok_a', 2_000), true);
    assert.equal(await store.revoke('tok_a', 3_000), false);
    assert.equal((await store.findById('tok_a'))?.revokedAt, 2_000);
    assert.equal((await store.findById('tok_b'))?.revokedAt, undefined);
    assert.equal(await store.revoke('tok_nobody', 2_000), false);
  });

  for (const [what, filter, revoked] of [
    ['of a subject', { subject: 'alice' }, ['a-all', 'a-chat', 'a-old']],
    ['of a gate', { gate: 'chat' }, ['a-chat', 'b-both']],
    ['of a subject at a gate', { subject: 'alice', gate: 'chat' }, ['a-chat']],
    ['there are', {}, ['a-all', 'a-chat', 'a-old', 'b-both', 'b-grist']],
    ['of nobody', { subject: 'Alice' }, []],
    ['of no gate', { gate: 'cha' }, []],
  ] as const) {
    contract(`all tokens ${what} are revoked, but for those that are already`, async (store) => {
      await store.insert(newToken('a-all'));
      await store.insert(newToken('a-chat', { gates: ['chat'] }));
      await store.insert(newToken('a-old', { expiresAt: 1_500 }));
      await store.insert(newToken('a-gone', { gates: ['chat'] }));
      await store.insert(newToken('b-both', { subject: 'bob', gates: ['chat', 'grist'] }));
      await store.insert(newToken('b-grist', { subject: 'bob', gates: ['grist'] }));
      await store.revoke('a-gone', 1_200);
      assert.equal(await store.revokeAll(filter, 2_000), revoked.length);
      const { tokens } = await store.list({}, { now: 2_000, limit: 10 });
      const revokedNow = tokens.filter(({ revokedAt }) => revokedAt === 2_000);
      assert.deepEqual(revokedNow.map(({ id }) => id).sort(), revoked);
      assert.equal((await store.findById('a-gone'))?.revokedAt, 1_200);
      assert.equal(await store.revokeAll(filter, 3_000), 0);
    });
  }

  contract('tokens are listed newest first, page by page, each once', async (store) => {
    const ids = Array.from({ length: 7 }, (_, i) => `tok_${i}`);
    for (const id of ids) await store.insert(newToken(id));
    const newestFirst = ids.toReversed();
    for (const limit of [1, 2, 3, 6, 7, 8, 100]) {
      const pages = await pagesOf(store, {}, limit);
      assert.deepEqual(pages.flat(), newestFirst, `pages of ${limit}`);
      assert.equal(pages.length, Math.ceil(7 / limit), `pages of ${limit}`);
    }
  });

  contract('an empty store has one empty page', async (store) => {
    const page = await store.list({}, { now: 0, limit: 10 });
    assert.deepEqual(page, { tokens: [], nextCursor: undefined });
  });

  contract(
    'pages hold what was there at the first, whatever is inserted meanwhile',
    async (store) => {
      const ids = Array.from({ length: 9 }, (_, i) => `tok_${i}`);
      for (const id of ids) await store.insert(newToken(id));
      let inserted = 0;
      const pages = await pagesOf(store, {}, 2, async () => {
        await store.insert(newToken(`tok_new_${inserted++}`));
      });
      assert.deepEqual(pages.flat(), ids.toReversed());
    },
  );

  contract('pages skip nothing when what they showed is pruned meanwhile', async (store) => {
    const ids = Array.from({ length: 9 }, (_, i) => `tok_${i}`);
    for (const id of ids) await store.insert(newToken(id, { expiresAt: 5_000 }));
    let pruned = 0;
    const pages = await pagesOf(store, {}, 2, async () => {
      await store.insert(newToken(`tok_old_${pruned++}`, { expiresAt: 10 }));
      await store.prune('token', 20, 10);
    });
    assert.deepEqual(pages.flat(), ids.toReversed());
  });

  contract('an unknown cursor yields an empty page', async (store) => {
    await store.insert(newToken('tok_a'));
    for (const cursor of ['', 'x', '-1', '0', 'tok_a', "1' OR 1=1"]) {
      const page = await store.list({}, { now: 0, limit: 10, cursor });
      assert.deepEqual(page, { tokens: [], nextCursor: undefined }, cursor);
    }
  });

  contract('subject, gate and state narrow the list down, together too', async (store) => {
    await store.insert(newToken('a-all'));
    await store.insert(newToken('a-chat', { gates: ['chat', 'grist'] }));
    await store.insert(newToken('b-chat', { subject: 'bob', gates: ['chat'] }));
    await store.insert(newToken('b-gone', { subject: 'bob', gates: ['chat'] }));
    await store.revoke('b-gone', 1_500);
    const rows: readonly [TokenFilter, string[]][] = [
      [{}, ['b-gone', 'b-chat', 'a-chat', 'a-all']],
      [{ subject: 'alice' }, ['a-chat', 'a-all']],
      [{ subject: 'ALICE' }, []],
      [{ subject: 'ali%' }, []],
      [{ gate: 'chat' }, ['b-gone', 'b-chat', 'a-chat']],
      [{ gate: 'grist' }, ['a-chat']],
      [{ gate: 'all' }, []],
      [{ state: 'revoked' }, ['b-gone']],
      [{ state: 'active' }, ['b-chat', 'a-chat', 'a-all']],
      [{ subject: 'bob', gate: 'chat' }, ['b-gone', 'b-chat']],
      [{ subject: 'bob', gate: 'chat', state: 'active' }, ['b-chat']],
      [{ subject: 'alice', gate: 'grist', state: 'revoked' }, []],
    ];
    for (const [filter, ids] of rows) {
      assert.deepEqual(await idsOf(store, filter), ids, JSON.stringify(filter));
      assert.deepEqual((await pagesOf(store, filter, 1)).flat(), ids, JSON.stringify(filter));
    }
  });

  contract('the list knows the same states as the tokens themselves', async (store) => {
    const time = fc.option(fc.integer({ min: 1, max: 6 }), { nil: undefined });
    const uses = fc.option(fc.integer({ min: 1, max: 2 }), { nil: undefined });
    const facts = fc.record({ expiresAt: time, maxUses: uses });
    const sample = fc.sample(fc.tuple(facts, time, fc.nat(2)), { numRuns: 80, seed: 7 });
    for (const [index, [facts, revokedAt, times]] of sample.entries()) {
      const id = `tok_${index}`;
      await store.insert(newToken(id, facts));
      for (let i = 0; i < times; i++) await store.redeem(id, 0);
      if (revokedAt !== undefined) await store.revoke(id, revokedAt);
    }
    const { tokens: all } = await store.list({}, { now: 0, limit: 100 });
    for (const now of [0, 1, 2, 3, 4, 5, 6, 7]) {
      for (const state of tokenStates) {
        const { tokens } = await store.list({ state }, { now, limit: 100 });
        const expected = all.filter((token) => tokenState(token, now) === state);
        assert.deepEqual(tokens, expected, `${state} at ${now}`);
      }
    }
  });

  contract('only what ended before the cutoff is pruned, and only of its kind', async (store) => {
    const expiring = (at: number) => ({ expiresAt: at });
    await store.insert(newToken('forever'));
    await store.insert(newToken('expired-at-99', expiring(99)));
    await store.insert(newToken('expired-at-100', expiring(100)));
    await store.insert(newToken('revoked-at-99', expiring(900)));
    await store.insert(newToken('revoked-at-100', expiring(900)));
    await store.insert(newToken('used-up-at-99', { maxUses: 2 }));
    await store.insert(newToken('used-up-at-100', { maxUses: 1 }));
    await store.insert(newToken('used-once', { maxUses: 2 }));
    await store.insert(newToken('expired-first', expiring(50)));
    await store.insert(newToken('ticket', { kind: 'ticket', maxUses: 1, ...expiring(99) }));
    await store.revoke('revoked-at-99', 99);
    await store.revoke('revoked-at-100', 100);
    await store.redeem('used-up-at-99', 50);
    await store.redeem('used-up-at-99', 99);
    await store.redeem('used-up-at-100', 100);
    await store.redeem('used-once', 50);
    await store.revoke('expired-first', 500);
    assert.equal(await store.prune('token', 100, 100), 4);
    assert.deepEqual((await idsOf(store)).sort(), [
      ...['expired-at-100', 'forever', 'revoked-at-100', 'ticket', 'used-once', 'used-up-at-100'],
    ]);
    assert.equal(await store.prune('token', 100, 100), 0);
    assert.equal(await store.prune('ticket', 100, 100), 1);
    assert.equal(await store.findById('ticket'), undefined);
    assert.equal(await store.findByHash(hashOf('ticket')), undefined);
  });

  contract('pruning goes in batches', async (store) => {
    for (let i = 0; i < 7; i++) await store.insert(newToken(`tok_${i}`, { expiresAt: 10 }));
    const counts = [];
    for (let i = 0; i < 4; i++) counts.push(await store.prune('token', 11, 3));
    assert.deepEqual(counts, [3, 3, 1, 0]);
  });

  contract('an id can be used again after pruning, with none of the old gates', async (store) => {
    await store.insert(newToken('tok_a', { gates: ['chat'], expiresAt: 10 }));
    await store.prune('token', 11, 10);
    await store.insert(newToken('tok_a'));
    assert.deepEqual((await store.findById('tok_a'))?.gates, []);
    assert.deepEqual(await idsOf(store, { gate: 'chat' }), []);
  });

  contract('there is one first admin key, whoever comes second', async (store, place) => {
    const other = place.open();
    assert.deepEqual(await store.listAdminKeys(), []);
    const keys = ['a', 'b', 'c'].map((name) => ({ name, hash: hashOf(name) }));
    const stores = [store, other, store];
    const added = await Promise.all(
      keys.map((key, i) => (stores[i] ?? store).insertFirstAdminKey(key, 1_000)),
    );
    assert.deepEqual(added.toSorted(), [false, false, true]);
    const [stored, ...rest] = await other.listAdminKeys();
    assert.equal(rest.length, 0);
    assert.equal(stored?.name, keys[added.indexOf(true)]?.name);
    assert.deepEqual(Uint8Array.from(stored?.hash ?? []), keys[added.indexOf(true)]?.hash);
  });

  contract('a store that answers says so', async (store) => {
    await store.ping();
  });

  contract('a closed store rejects everything, and may be closed again', async (store) => {
    await store.insert(newToken('tok_a', { maxUses: 1 }));
    await store.close();
    const attempts: (() => Promise<unknown>)[] = [
      () => store.insert(newToken('tok_b')),
      () => store.findById('tok_a'),
      () => store.findByHash(hashOf('tok_a')),
      () => store.list({}, { now: 0, limit: 1 }),
      () => store.redeem('tok_a', 0),
      () => store.revoke('tok_a', 0),
      () => store.revokeAll({}, 0),
      () => store.prune('token', 0, 1),
      () => store.listAdminKeys(),
      () => store.insertFirstAdminKey({ name: 'a', hash: hashOf('a') }, 0),
      () => store.ping(),
    ];
    for (const attempt of attempts) await assert.rejects(attempt, StoreUnavailable);
    await store.close();
  });
}

async function idsOf(store: TokenStore, filter: TokenFilter = {}): Promise<string[]> {
  const { tokens } = await store.list(filter, { now: 2_000, limit: 100 });
  return tokens.map(({ id }) => id);
}

/** Walks through all pages and returns their ids. `between` happens after each but the last. */
async function pagesOf(
  store: TokenStore,
  filter: TokenFilter,
  limit: number,
  between: () => Promise<void> = async () => {},
): Promise<string[][]> {
  const pages: string[][] = [];
  for (let cursor: string | undefined; ; ) {
    const page = await store.list(filter, { now: 2_000, limit, ...(cursor && { cursor }) });
    pages.push(page.tokens.map(({ id }) => id));
    cursor = page.nextCursor;
    if (cursor === undefined) return pages;
    assert.ok(pages.length < 100, 'the pages come to an end');
    await between();
  }
}
