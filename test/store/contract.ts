import assert from 'node:assert/strict';
import { createHash } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { StoreUnavailable } from '../../src/core/model/errors.ts';
import { type Token, tokenState, tokenStates } from '../../src/core/model/token.ts';
import type { NewAdminKey } from '../../src/store/port/admin-keys.ts';
import type {
  NewSession,
  NewToken,
  SessionLimits,
  TokenFilter,
} from '../../src/store/port/tokens.ts';
import { boundTo } from '../../testkit/examples.ts';
import { anEntry } from '../../testkit/postern/audit.ts';
import type { UnrecordedStore } from '../../testkit/store.ts';
import { waitFor } from '../../testkit/wait.ts';

/** A place where a store keeps its tokens. It goes with the test. */
export interface StorePlace {
  /** Opens the store, as one more process would. Whatever is opened is closed after the test. */
  open(): UnrecordedStore;
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
    restrictions: boundTo(),
    createdAt: 1_000,
    notBefore: undefined,
    expiresAt: undefined,
    maxUses: undefined,
    weak: false,
    ...facts,
  };
}

function newAdminKey(name: string, facts: Partial<NewAdminKey> = {}): NewAdminKey {
  return {
    name,
    hash: hashOf(name),
    role: 'admin',
    gates: [],
    maxTtl: undefined,
    createdAt: 1_000,
    expiresAt: undefined,
    ...facts,
  };
}

function hashOf(text: string): Uint8Array {
  return Uint8Array.from(createHash('sha256').update(text).digest());
}

/** What every store has to do, whatever it is made of. `place` makes an empty place for a test. */
export function testStoreContract(name: string, place: (t: TestContext) => StorePlace): void {
  const contract = (
    what: string,
    work: (store: UnrecordedStore['tokens'], place: StorePlace) => Promise<void>,
  ) =>
    test(`${name}: ${what}`, async (t) => {
      const here = place(t);
      await work(here.open().tokens, here);
    });

  contract('a token is found again as it was stored', async (store) => {
    const tokens: NewToken[] = [
      newToken('tok_plain'),
      newToken('tok_full', {
        kind: 'ticket',
        subject: 'Zoë "O’Neil" \u{1f600}; DROP TABLE token',
        label: "it's a label",
        claims: { email: 'a@example.com', groups: ['a', 'b'], nested: { deep: [1, null, true] } },
        restrictions: boundTo('chat', 'grist'),
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
    const other = place.open().tokens;
    await store.insert(newToken('tok_a'));
    assert.equal((await other.findById('tok_a'))?.id, 'tok_a');
    await other.revoke('tok_a', 5);
    assert.equal((await store.findById('tok_a'))?.revokedAt, 5);
  });

  for (const [what, change, expected] of [
    ['a revocation', (store) => store.revoke('tok_a', 5), { revokedAt: 5 }],
    ['the revocation of all', (store) => store.revokeAll({}, 5), { revokedAt: 5 }],
    ['the revocation of its parent', (store) => store.revoke('tok_parent', 5), { revokedAt: 5 }],
    ['a change', (store) => store.update('tok_a', { claims: { a: 1 } }), { claims: { a: 1 } }],
    ['a renewal', (store) => store.renew('tok_a', 4_000), { expiresAt: 4_000 }],
    [
      'a rotation',
      (store) => store.rotate('tok_a', { hash: hashOf('new'), previousUntil: 7 }),
      { secretUntil: 7 },
    ],
    ['pruning', (store) => store.prune('session', 3_001, 10), undefined],
  ] as const satisfies readonly (readonly [
    string,
    (store: UnrecordedStore['tokens']) => Promise<unknown>,
    Partial<Token> | undefined,
  ])[]) {
    contract(
      `a token that is looked up all the time shows ${what} at once`,
      async (store, place) => {
        const lifetime = { kind: 'session', expiresAt: 3_000, renewableUntil: 5_000 } as const;
        await store.insert(newToken('tok_parent'));
        await store.insert(newToken('tok_a', { ...lifetime, parent: 'tok_parent' }));
        const other = place.open().tokens;
        const before = await store.findByHash(hashOf('tok_a'));
        for (const one of [store, other, store, other, store, other]) {
          assert.deepEqual(await one.findByHash(hashOf('tok_a')), before);
        }
        await change(store);
        const after = expected && { ...before, ...expected };
        for (const one of [store, other, store, other]) {
          assert.deepEqual(await one.findByHash(hashOf('tok_a')), after);
        }
      },
    );
  }

  const session = (id: string, facts: Partial<NewSession> = {}): NewSession => ({
    ...newToken(id, { kind: 'session', expiresAt: 9_000, renewableUntil: 9_000 }),
    parent: 'tok_parent',
    ...facts,
  });
  /** Opens a session; ids of those that it ended, or `full`. */
  const openSession = async (
    store: UnrecordedStore['tokens'],
    one: NewSession,
    limits: Partial<SessionLimits> = {},
  ): Promise<readonly string[] | 'full'> => {
    const outcome = await store.openSession(
      one,
      { perParent: 3, perSubject: 100, openedSince: 0, ...limits },
      { opened: anEntry({ tokenId: one.id }), ended: (tokenId) => anEntry({ tokenId }) },
    );
    return 'ended' in outcome ? outcome.ended : 'full';
  };
  /** No bound on how fast they are opened. */
  const anyRate = { openedSince: 100_000 };

  contract('the oldest sessions of a token end when there are too many', async (store, place) => {
    const other = place.open().tokens;
    for (let i = 0; i < 3; i++) {
      assert.deepEqual(await openSession(store, session(`tok_${i}`), anyRate), []);
    }
    assert.deepEqual(await openSession(other, session('tok_3'), anyRate), ['tok_0']);
    assert.equal((await store.findByHash(hashOf('tok_0')))?.revokedAt, 1_000);
    await store.revoke('tok_1', 1_000);
    // One that was ended, and one that is over by itself, take no place.
    assert.deepEqual(await openSession(store, session('tok_4'), anyRate), []);
    const late = { createdAt: 9_000, expiresAt: 20_000 };
    assert.deepEqual(await openSession(store, session('tok_5', late), anyRate), []);
    const elsewhere = session('tok_6', { parent: 'tok_other' });
    assert.deepEqual(await openSession(store, elsewhere, anyRate), []);
    const fewer = { ...anyRate, perParent: 1 };
    assert.deepEqual(await openSession(store, session('tok_7', late), fewer), ['tok_5']);
  });

  contract('the oldest sessions of a subject end when there are too many', async (store) => {
    const limits = { ...anyRate, perSubject: 3 };
    await store.insert(newToken('tok_token'));
    for (let i = 0; i < 3; i++) {
      const one = session(`tok_${i}`, { parent: `tok_p${i}` });
      assert.deepEqual(await openSession(store, one, limits), []);
    }
    const bob = session('tok_bob', { subject: 'bob' });
    assert.deepEqual(await openSession(store, bob, limits), []);
    const next = session('tok_3', { parent: 'tok_p3' });
    assert.deepEqual(await openSession(store, next, limits), ['tok_0']);
    assert.equal((await store.findById('tok_token'))?.revokedAt, undefined);
  });

  contract(
    'no more are opened lately with a token than it may have, ended or not',
    async (store) => {
      for (let i = 0; i < 3; i++) {
        const one = session(`tok_${i}`, { createdAt: 1_000 + i });
        assert.deepEqual(await openSession(store, one), []);
        await store.revoke(one.id, 1_000 + i);
      }
      const refused = session('tok_3', { createdAt: 1_500 });
      assert.equal(await openSession(store, refused, { openedSince: 999 }), 'full');
      assert.equal(await store.findById('tok_3'), undefined);
      assert.deepEqual(await openSession(store, refused, { openedSince: 1_000 }), []);
    },
  );

  contract(
    'of sessions that are opened at the same time no more live than there may be',
    async (store, place) => {
      const other = place.open().tokens;
      const opened = Array.from({ length: 40 }, (_, i) =>
        openSession(i % 2 === 0 ? store : other, session(`tok_${i}`), anyRate),
      );
      await Promise.all(opened);
      const { tokens } = await store.list({ state: 'active' }, { now: 2_000, limit: 100 });
      assert.equal(tokens.length, 3);
    },
  );

  contract(
    'a counted token that is looked up all the time shows each use at once',
    async (store) => {
      await store.insert(newToken('tok_a', { maxUses: 5 }));
      for (const uses of [0, 1, 2, 3]) {
        for (let i = 0; i < 3; i++) {
          assert.equal((await store.findByHash(hashOf('tok_a')))?.uses, uses);
        }
        await store.redeem('tok_a', 2_000);
      }
    },
  );

  contract('an old secret that is looked up all the time is gone with the next', async (store) => {
    await store.insert(newToken('tok_a'));
    await store.rotate('tok_a', { hash: hashOf('second'), previousUntil: 3_000 });
    for (const name of ['tok_a', 'second', 'tok_a', 'second', 'tok_a', 'second']) {
      assert.equal((await store.findByHash(hashOf(name)))?.id, 'tok_a');
    }
    await store.rotate('tok_a', { hash: hashOf('third'), previousUntil: 4_000 });
    assert.equal(await store.findByHash(hashOf('tok_a')), undefined);
    assert.equal((await store.findByHash(hashOf('second')))?.secretUntil, 4_000);
    await store.revoke('tok_a', 2_000);
    assert.equal((await store.findByHash(hashOf('second')))?.revokedAt, 2_000);
  });

  contract('of writes that arrive together the ones that fail fail alone', async (store) => {
    await store.insert(newToken('tok_0', { maxUses: 1 }));
    const outcomes = await Promise.allSettled([
      store.insert(newToken('tok_1')),
      store.insert(newToken('tok_1', { hash: hashOf('another') })),
      store.insert(newToken('tok_2', { hash: hashOf('tok_1') })),
      store.redeem('tok_0', 2_000),
      store.redeem('tok_0', 2_000),
      store.insert(newToken('tok_3', { restrictions: boundTo('chat', 'chat') })),
      store.revoke('tok_1', 2_000),
      store.insert(newToken('tok_4', { restrictions: boundTo('chat') })),
    ]);
    const told = outcomes.map((one) => (one.status === 'fulfilled' ? one.value : one.reason.name));
    const failed = 'StoreUnavailable';
    assert.deepEqual(told, [undefined, failed, failed, true, false, failed, true, undefined]);
    assert.deepEqual(await idsOf(store), ['tok_4', 'tok_1', 'tok_0']);
    assert.equal((await store.findById('tok_1'))?.revokedAt, 2_000);
    assert.deepEqual(await idsOf(store, { gate: 'chat' }), ['tok_4']);
  });

  contract(
    'of a thousand redemptions at once each ticket lets one through',
    async (store, place) => {
      const stores = [store, place.open().tokens];
      const ids = Array.from({ length: 300 }, (_, i) => `tok_${i}`);
      const facts = { kind: 'ticket', maxUses: 1 } as const;
      await Promise.all(ids.map((id) => store.insert(newToken(id, facts))));
      const attempts = [...ids, ...ids, ...ids, ...ids].map(async (id, i) => {
        return (await (stores[i % 2] ?? store).redeem(id, 2_000)) ? [id] : [];
      });
      const won = (await Promise.all(attempts)).flat();
      assert.deepEqual(won.toSorted(), ids.toSorted());
    },
  );

  contract('when a token was used last is known after a restart', async (_store, place) => {
    const first = place.open();
    await first.tokens.insert(newToken('tok_used'));
    await first.tokens.insert(newToken('tok_again'));
    await first.tokens.insert(newToken('tok_ticket', { kind: 'ticket', maxUses: 1 }));
    await first.tokens.insert(newToken('tok_unused'));
    first.tokens.touch('tok_used', 100_000);
    first.tokens.touch('tok_again', 100_000);
    first.tokens.touch('tok_again', 159_999);
    first.tokens.touch('tok_nobody', 100_000);
    await first.tokens.redeem('tok_ticket', 2_000);
    await first.close();
    const second = place.open();
    const lastUses = async (store: UnrecordedStore['tokens']) => {
      const { tokens } = await store.list({}, { now: 0, limit: 10 });
      return Object.fromEntries(tokens.map(({ id, lastUsedAt }) => [id, lastUsedAt]));
    };
    assert.deepEqual(await lastUses(second.tokens), {
      tok_used: 100_000,
      tok_again: 100_000,
      tok_ticket: 2_000,
      tok_unused: undefined,
    });
    second.tokens.touch('tok_used', 99_000);
    second.tokens.touch('tok_again', 100_001);
    await second.close();
    const { tok_used, tok_again } = await lastUses(place.open().tokens);
    assert.deepEqual([tok_used, tok_again], [100_000, 100_001]);
  });

  contract('ten thousand uses at once are noted as far as there is room', async (_store, place) => {
    const store = place.open();
    await store.tokens.insert(newToken('tok_0'));
    for (let i = 0; i < 10_000; i++) store.tokens.touch(`tok_${i}`, 100_000);
    await store.close();
    assert.equal((await place.open().tokens.findById('tok_0'))?.lastUsedAt, 100_000);
  });

  contract('one of two simultaneous redemptions of a ticket wins', async (store, place) => {
    const other = place.open().tokens;
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
      await store.insert(newToken('a-chat', { restrictions: boundTo('chat') }));
      await store.insert(newToken('a-old', { expiresAt: 1_500 }));
      await store.insert(newToken('a-gone', { restrictions: boundTo('chat') }));
      await store.insert(
        newToken('b-both', { subject: 'bob', restrictions: boundTo('chat', 'grist') }),
      );
      await store.insert(newToken('b-grist', { subject: 'bob', restrictions: boundTo('grist') }));
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
    await store.insert(newToken('a-chat', { restrictions: boundTo('chat', 'grist') }));
    await store.insert(newToken('b-chat', { subject: 'bob', restrictions: boundTo('chat') }));
    await store.insert(newToken('b-gone', { subject: 'bob', restrictions: boundTo('chat') }));
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
    await store.insert(newToken('tok_a', { restrictions: boundTo('chat'), expiresAt: 10 }));
    await store.prune('token', 11, 10);
    await store.insert(newToken('tok_a'));
    assert.deepEqual((await store.findById('tok_a'))?.restrictions.gates, []);
    assert.deepEqual(await idsOf(store, { gate: 'chat' }), []);
  });

  contract('a token that is not good yet is pending', async (store) => {
    await store.insert(newToken('tok_a', { notBefore: 2_001, maxUses: 1 }));
    const pending = await store.list({ state: 'pending' }, { now: 2_000, limit: 10 });
    assert.deepEqual(
      pending.tokens.map(({ id }) => id),
      ['tok_a'],
    );
    assert.equal(await store.redeem('tok_a', 2_000), false);
    assert.equal(await store.redeem('tok_a', 2_001), true);
  });

  contract('label, claims and expiry change, and nothing of a revoked token', async (store) => {
    await store.insert(newToken('tok_a', { label: 'old', expiresAt: 5_000, claims: { a: 1 } }));
    assert.equal(await store.update('tok_a', { label: null, expiresAt: 9_000 }), true);
    assert.equal(await store.update('tok_a', { claims: { b: 2 } }), true);
    const changed = await store.findById('tok_a');
    assert.deepEqual(
      [changed?.label, changed?.expiresAt, changed?.claims],
      [undefined, 9_000, { b: 2 }],
    );
    assert.equal(await store.update('tok_a', { expiresAt: null }), true);
    assert.equal((await store.findById('tok_a'))?.expiresAt, undefined);
    assert.equal(await store.update('tok_b', { label: 'x' }), false);
    await store.revoke('tok_a', 2_000);
    assert.equal(await store.update('tok_a', { label: 'x' }), false);
    assert.equal((await store.findById('tok_a'))?.label, undefined);
  });

  contract(
    'after a rotation a token is found by both secrets, the old one with its end',
    async (store) => {
      await store.insert(newToken('tok_a'));
      assert.equal(
        await store.rotate('tok_a', { hash: hashOf('second'), previousUntil: 3_000 }),
        true,
      );
      assert.equal((await store.findByHash(hashOf('second')))?.secretUntil, undefined);
      assert.equal((await store.findByHash(hashOf('tok_a')))?.secretUntil, 3_000);
      assert.equal(
        await store.rotate('tok_a', { hash: hashOf('third'), previousUntil: 4_000 }),
        true,
      );
      assert.equal(await store.findByHash(hashOf('tok_a')), undefined);
      assert.equal((await store.findByHash(hashOf('second')))?.secretUntil, 4_000);
      await store.revoke('tok_a', 2_000);
      assert.equal(
        await store.rotate('tok_a', { hash: hashOf('fourth'), previousUntil: 0 }),
        false,
      );
    },
  );

  contract(
    'a session ends with the token it came from, and lives no longer than it may',
    async (store) => {
      await store.insert(newToken('tok_a'));
      const session = {
        kind: 'session',
        parent: 'tok_a',
        expiresAt: 3_000,
        renewableUntil: 5_000,
      } as const;
      await store.insert(newToken('tok_session', session));
      await store.insert(newToken('tok_other', { ...session, parent: 'tok_b' }));
      await store.renew('tok_session', 4_000);
      assert.equal((await store.findById('tok_session'))?.expiresAt, 4_000);
      await store.renew('tok_session', 9_000);
      assert.equal((await store.findById('tok_session'))?.expiresAt, 5_000);
      assert.equal(await store.revoke('tok_a', 2_000), true);
      assert.equal((await store.findById('tok_session'))?.revokedAt, 2_000);
      assert.equal((await store.findById('tok_other'))?.revokedAt, undefined);
      await store.renew('tok_session', 4_500);
      assert.equal((await store.findById('tok_session'))?.expiresAt, 5_000);
    },
  );

  contract('there is one first admin key, whoever comes second', async (_tokens, place) => {
    const [one, other] = [place.open().adminKeys, place.open().adminKeys];
    assert.deepEqual(await one.list(), []);
    const keys = ['a', 'b', 'c'].map((name) => newAdminKey(name));
    const stores = [one, other, one];
    const added = await Promise.all(keys.map((key, i) => (stores[i] ?? one).insertFirst(key)));
    assert.deepEqual(added.toSorted(), [false, false, true]);
    const stored = await other.list();
    const first = keys[added.indexOf(true)];
    assert.deepEqual(
      stored.map(({ name }) => name),
      [first?.name],
    );
    assert.equal((await one.find(first?.hash ?? new Uint8Array()))?.name, first?.name);
  });

  contract(
    'admin keys are found by their hash, once each, until they are deleted',
    async (_tokens, place) => {
      const keys = place.open().adminKeys;
      const web = newAdminKey('web', {
        role: 'issuer',
        gates: ['chat'],
        maxTtl: 60_000,
        expiresAt: 9_000,
      });
      assert.equal(await keys.insert(web), true);
      assert.equal(await keys.insert(newAdminKey('web', { hash: hashOf('another') })), false);
      const { hash, ...shown } = web;
      assert.deepEqual(await keys.find(hash), { ...shown, lastUsedAt: undefined });
      await keys.touch('web', 2_000);
      assert.deepEqual(await keys.list(), [{ ...shown, lastUsedAt: 2_000 }]);
      assert.equal(await keys.find(hashOf('another')), undefined);
      assert.equal(await keys.delete('web'), true);
      assert.equal(await keys.delete('web'), false);
      assert.equal(await keys.find(hash), undefined);
    },
  );

  contract(
    'one signing key signs at a time, and retired ones stay until they are pruned',
    async (_tokens, place) => {
      const [one, other] = [place.open().signingKeys, place.open().signingKeys];
      const key = (id: string, createdAt: number) => ({
        id,
        publicJwk: { kty: 'OKP', kid: id },
        sealed: Uint8Array.of(1, 2, 3),
        createdAt,
        retiredAt: undefined,
      });
      const added = await Promise.all([
        one.insertFirst(key('a', 1)),
        other.insertFirst(key('b', 2)),
      ]);
      assert.deepEqual(added.toSorted(), [false, true]);
      await other.replace(key('c', 3), 3_000);
      const states = (await one.list()).map(({ id, retiredAt }) => [id, retiredAt]);
      assert.deepEqual(states, [
        ['c', undefined],
        [added[0] ? 'a' : 'b', 3_000],
      ]);
      assert.equal(await one.prune(3_000), 0);
      assert.equal(await one.prune(3_001), 1);
      assert.deepEqual(
        (await one.list()).map(({ id }) => id),
        ['c'],
      );
    },
  );

  contract('a subscriber is told of what any process appends', async (_, place) => {
    const [here, elsewhere] = [place.open().audit, place.open().audit];
    await here.append([anEntry()]);
    const hints: number[] = [];
    const unsubscribe = here.subscribe((after) => hints.push(after));
    for (const [audit, before] of [
      [here, 1],
      [elsewhere, 2],
    ] as const) {
      hints.length = 0;
      await audit.append([anEntry()]);
      await waitFor('a hint', () => hints.some((after) => after <= before));
    }
    unsubscribe();
    hints.length = 0;
    await here.append([anEntry()]);
    assert.deepEqual(hints, []);
  });

  contract('the audit log is read as it was, while others append to it', async (_, place) => {
    const { audit } = place.open();
    await audit.append([anEntry(), anEntry(), anEntry()]);
    const seen: number[] = [];
    await audit.read(async ({ records }) => {
      await audit.append([anEntry()]);
      for await (const { seq } of records) seen.push(seq);
    });
    assert.deepEqual(seen, [1, 2, 3]);
    assert.equal((await audit.head())?.seq, 4);
  });

  contract('a store that answers says so', async (_tokens, place) => {
    await place.open().ping();
  });

  contract('a closed store rejects everything, and may be closed again', async (_tokens, place) => {
    const store = place.open();
    const { tokens, adminKeys, signingKeys, audit } = store;
    await tokens.insert(newToken('tok_a', { maxUses: 1 }));
    await store.close();
    const attempts: (() => Promise<unknown>)[] = [
      () => tokens.insert(newToken('tok_b')),
      () => tokens.findById('tok_a'),
      async () => tokens.findByHash(hashOf('tok_a')),
      () => tokens.list({}, { now: 0, limit: 1 }),
      () => tokens.redeem('tok_a', 0),
      () => tokens.update('tok_a', { label: 'x' }),
      () => tokens.rotate('tok_a', { hash: hashOf('x'), previousUntil: 0 }),
      () => tokens.renew('tok_a', 0),
      () => tokens.revoke('tok_a', 0),
      () => tokens.revokeAll({}, 0),
      () => tokens.prune('token', 0, 1),
      () => adminKeys.list(),
      () => adminKeys.find(hashOf('x')),
      () => adminKeys.insertFirst(newAdminKey('a')),
      () => signingKeys.list(),
      () => audit.append([anEntry()]),
      () => audit.head(),
      () => audit.list({}, { limit: 1, order: 'newest' }),
      () => audit.after(0, {}, 1),
      () => audit.read(async () => {}),
      () => audit.deleteMarked(1),
      () => store.ping(),
    ];
    for (const attempt of attempts) await assert.rejects(attempt, StoreUnavailable);
    await store.close();
  });
}

async function idsOf(
  store: UnrecordedStore['tokens'],
  filter: TokenFilter = {},
): Promise<string[]> {
  const { tokens } = await store.list(filter, { now: 2_000, limit: 100 });
  return tokens.map(({ id }) => id);
}

/** Walks through all pages and returns their ids. `between` happens after each but the last. */
async function pagesOf(
  store: UnrecordedStore['tokens'],
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
