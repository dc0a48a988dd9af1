import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { DecisionPorts } from '../../../src/core/decision/context.ts';
import type { CredentialSource } from '../../../src/core/decision/credential-source.ts';
import { decide } from '../../../src/core/decision/decide.ts';
import type { Gate } from '../../../src/core/gate/gate.ts';
import type { Handshake } from '../../../src/core/gate/handshake.ts';
import { parseOriginRules } from '../../../src/core/gate/origin.ts';
import type { Credential } from '../../../src/core/model/credential.ts';
import type { Identity } from '../../../src/core/model/identity.ts';
import type { SourceName } from '../../../src/core/model/source-name.ts';
import { type Deny, deny, isDenial } from '../../../src/core/model/verdict.ts';
import { aGate, aHandshake, anIdentity, boundTo, noThrottle } from '../../../testkit/examples.ts';

const now = 1_700_000_000_000;

interface World {
  readonly presented?: Partial<Record<CredentialSource['name'], string | Deny>>;
  readonly verified?: Identity | Deny;
  readonly redeemed?: Deny;
}

/** Ports that answer as told, and the calls they got. `ports` may be changed before use. */
function portsOf({ presented = {}, verified = anIdentity(), redeemed }: World = {}) {
  const calls: string[] = [];
  const source = (
    name: CredentialSource['name'],
    origin: CredentialSource['origin'],
  ): CredentialSource => ({
    name,
    origin,
    extract() {
      calls.push(`extract ${name}`);
      const found = presented[name];
      return typeof found === 'string' ? { value: found } : found;
    },
  });
  const ports = {
    sources: new Map<SourceName, CredentialSource>(
      [source('query', 'none'), source('cookie', 'required')].map((s) => [s.name, s]),
    ),
    async verify(credential: Credential, at: number) {
      calls.push(`verify ${credential.source} ${credential.value} at ${at}`);
      return verified;
    },
    bridgeOf: () => undefined,
    async redeem(identity: Identity, { now: at }: { now: number }) {
      calls.push(`redeem ${identity.tokenId} at ${at}`);
      return redeemed;
    },
    throttle: noThrottle,
  } satisfies DecisionPorts;
  return { ports, calls };
}

async function decideOn(
  world: World,
  facts: Partial<Handshake> = {},
  rules: Partial<Gate> = {},
): Promise<{ outcome: string; calls: string[] }> {
  const { ports, calls } = portsOf(world);
  const verdict = await decide({ handshake: aHandshake(facts), gate: aGate(rules), now }, ports);
  return { outcome: verdict.verdict === 'deny' ? verdict.reason : 'allow', calls };
}

function originsOf(...words: string[]): Gate['origins'] {
  const rules = parseOriginRules(words);
  if ('invalid' in rules) throw new Error(`${rules.invalid} cannot be read`);
  return rules;
}

const ticket = anIdentity({ tokenId: 'tok_ticket', restrictions: boundTo('chat'), maxUses: 1 });
const looked = ['extract query', 'extract cookie'];
const verified = [...looked, `verify cookie secret at ${now}`];

/** Everything is wrong at first, and each row mends one thing: what is denied for next? */
const ladder: readonly {
  mended: string;
  world: World;
  facts: Partial<Handshake>;
  rules: Partial<Gate>;
  outcome: string;
  calls: string[];
}[] = [
  {
    mended: 'nothing',
    world: {},
    facts: { upgrade: 'other', origin: 'https://evil.example' },
    rules: { origins: originsOf('https://pages.example') },
    outcome: 'upgrade_not_websocket',
    calls: [],
  },
  {
    mended: 'the upgrade',
    world: {},
    facts: { origin: 'https://evil.example' },
    rules: { origins: originsOf('https://pages.example') },
    outcome: 'origin_not_allowed',
    calls: [],
  },
  {
    mended: 'the listed origin',
    world: {},
    facts: { origin: 'https://evil.example' },
    rules: {},
    outcome: 'no_credential',
    calls: looked,
  },
  {
    mended: 'the missing credential',
    world: { presented: { cookie: deny('malformed_credential') } },
    facts: { origin: 'https://evil.example' },
    rules: {},
    outcome: 'malformed_credential',
    calls: looked,
  },
  {
    mended: 'the form of the credential',
    world: { presented: { cookie: 'secret' }, verified: deny('unknown_token') },
    facts: { origin: 'https://evil.example' },
    rules: {},
    outcome: 'origin_not_allowed',
    calls: looked,
  },
  {
    mended: 'the origin of the page',
    world: { presented: { cookie: 'secret' }, verified: deny('unknown_token') },
    facts: {},
    rules: {},
    outcome: 'unknown_token',
    calls: verified,
  },
  {
    mended: 'the token',
    world: { presented: { cookie: 'secret' }, verified: ticket, redeemed: deny('already_used') },
    facts: {},
    rules: { name: 'other' },
    outcome: 'wrong_gate',
    calls: verified,
  },
  {
    mended: 'the gate',
    world: { presented: { cookie: 'secret' }, verified: ticket, redeemed: deny('already_used') },
    facts: {},
    rules: {},
    outcome: 'already_used',
    calls: [...verified, `redeem tok_ticket at ${now}`],
  },
  {
    mended: 'the ticket',
    world: { presented: { cookie: 'secret' }, verified: ticket },
    facts: {},
    rules: {},
    outcome: 'allow',
    calls: [...verified, `redeem tok_ticket at ${now}`],
  },
];

for (const { mended, world, facts, rules, outcome, calls } of ladder) {
  test(`with everything wrong and ${mended} mended the decision is ${outcome}`, async () => {
    assert.deepEqual(await decideOn(world, facts, rules), { outcome, calls });
  });
}

const listed = { origins: originsOf('same', 'https://pages.example') };
const query = { presented: { query: 'secret' } };
const cookie = { presented: { cookie: 'secret' } };
const evil = 'https://evil.example';
const page = { upgrade: 'none', origin: undefined } as const;

/** The cross-site rule, and what a handshake has to look like. */
const table: readonly [
  what: string,
  world: World,
  facts: Partial<Handshake>,
  rules: Partial<Gate>,
  outcome: string,
][] = [
  ['a cookie from a page of this host', cookie, {}, {}, 'allow'],
  ['a cookie from a stranger’s page', cookie, { origin: evil }, {}, 'origin_not_allowed'],
  ['a cookie from an opaque origin', cookie, { origin: 'null' }, {}, 'origin_not_allowed'],
  ['a cookie without an origin', cookie, { origin: undefined }, {}, 'origin_not_allowed'],
  ['a cookie with a page load', cookie, page, {}, 'allow'],
  ['a cookie with a stranger’s fetch', cookie, { ...page, origin: evil }, {}, 'origin_not_allowed'],
  ['a query token from a stranger’s page', query, { origin: evil }, {}, 'allow'],
  ['a query token without an origin', query, { origin: undefined }, {}, 'allow'],
  ['a query token from a listed page', query, { origin: 'https://pages.example' }, listed, 'allow'],
  ['a query token from a page not listed', query, { origin: evil }, listed, 'origin_not_allowed'],
  [
    'a query token without an origin where some are listed',
    query,
    { origin: undefined },
    listed,
    'origin_not_allowed',
  ],
  ['a page load without an origin where some are listed', query, page, listed, 'allow'],
  [
    'a fetch from a page not listed',
    query,
    { ...page, origin: evil },
    listed,
    'origin_not_allowed',
  ],
  ['an upgrade to something else', query, { upgrade: 'other' }, {}, 'upgrade_not_websocket'],
  ['a handshake by POST', query, { method: 'POST' }, {}, 'upgrade_not_websocket'],
  ['a handshake by get', query, { method: 'get' }, {}, 'upgrade_not_websocket'],
  ['an ordinary POST', query, { ...page, method: 'POST' }, {}, 'allow'],
  [
    'a token bound to this gate',
    { ...query, verified: anIdentity({ restrictions: boundTo('a', 'chat') }) },
    {},
    {},
    'allow',
  ],
  [
    'a token bound to another gate',
    { ...query, verified: anIdentity({ restrictions: boundTo('chat2', 'CHAT', '') }) },
    {},
    {},
    'wrong_gate',
  ],
  ['an expired token', { ...query, verified: deny('expired') }, {}, {}, 'expired'],
];

for (const [what, world, facts, rules, outcome] of table) {
  test(`${what} is decided as ${outcome}`, async () => {
    assert.equal((await decideOn(world, facts, rules)).outcome, outcome);
  });
}

test('the first credential that is present decides, whatever the others are', async () => {
  const bad = deny('unknown_token');
  const both = { presented: { query: 'from the query', cookie: 'from the cookie' } };
  const byQuery = await decideOn({ ...both, verified: bad });
  assert.deepEqual(byQuery, {
    outcome: 'unknown_token',
    calls: ['extract query', `verify query from the query at ${now}`],
  });
  const byCookie = await decideOn({ ...both, verified: bad }, {}, { sources: ['cookie', 'query'] });
  assert.deepEqual(byCookie, {
    outcome: 'unknown_token',
    calls: ['extract cookie', `verify cookie from the cookie at ${now}`],
  });
});

test('a malformed credential is not rescued by a good one further down', async () => {
  const world = { presented: { query: deny('malformed_credential'), cookie: 'good' } };
  assert.deepEqual(await decideOn(world), {
    outcome: 'malformed_credential',
    calls: ['extract query'],
  });
});

test('a credential in a place where the gate does not look is none', async () => {
  const world = { presented: { query: 'secret', cookie: 'secret' } };
  assert.equal((await decideOn(world, {}, { sources: [] })).outcome, 'no_credential');
  const { calls } = await decideOn(world, {}, { sources: ['cookie'] });
  assert.deepEqual(calls, ['extract cookie', `verify cookie secret at ${now}`]);
});

test('a token whose uses are not counted is never redeemed', async () => {
  const { outcome, calls } = await decideOn(query);
  assert.equal(outcome, 'allow');
  assert.deepEqual(calls, ['extract query', `verify query secret at ${now}`]);
});

test('an allowed handshake names its identity and where the credential was', async () => {
  const { ports } = portsOf({ ...cookie, verified: ticket });
  assert.deepEqual(await decide({ handshake: aHandshake(), gate: aGate(), now }, ports), {
    verdict: 'allow',
    identity: ticket,
    source: 'cookie',
  });
});

test('a late denial names what was known by then', async () => {
  const denied = async (world: World, rules: Partial<Gate> = {}) =>
    decide({ handshake: aHandshake(), gate: aGate(rules), now }, portsOf(world).ports);
  assert.deepEqual(await denied({}), {
    verdict: 'deny',
    reason: 'no_credential',
    step: 'credential',
  });
  assert.deepEqual(await denied({ presented: { cookie: deny('malformed_credential', 'twice') } }), {
    verdict: 'deny',
    reason: 'malformed_credential',
    detail: 'twice',
    step: 'credential',
    source: 'cookie',
  });
  assert.deepEqual(await denied({ ...query, verified: ticket }, { name: 'other' }), {
    verdict: 'deny',
    reason: 'wrong_gate',
    step: 'bounds',
    identity: ticket,
    source: 'query',
  });
  assert.deepEqual(await denied({ ...query, verified: { ...deny('expired'), identity: ticket } }), {
    verdict: 'deny',
    reason: 'expired',
    step: 'identity',
    identity: ticket,
    source: 'query',
  });
});

test('when a port rejects, so does the decision', async () => {
  const fault = new Error('the disk is gone');
  const reject = () => Promise.reject(fault);
  const { ports } = portsOf({ ...query, verified: ticket });
  await assert.rejects(
    async () =>
      decide({ handshake: aHandshake(), gate: aGate(), now }, { ...ports, verify: reject }),
    fault,
  );
  await assert.rejects(
    async () =>
      decide({ handshake: aHandshake(), gate: aGate(), now }, { ...ports, redeem: reject }),
    fault,
  );
});

test('when a source throws, the decision rejects', async () => {
  const fault = new Error('a bug');
  const { ports } = portsOf();
  const extract = () => {
    throw fault;
  };
  const sources = new Map([
    ['query', { name: 'query', origin: 'none', extract } as const],
  ] as const);
  await assert.rejects(
    async () => decide({ handshake: aHandshake(), gate: aGate(), now }, { ...ports, sources }),
    fault,
  );
});

test('nothing is redeemed and nobody let in unless every rule is kept', async () => {
  const presented = fc.constantFrom(undefined, 'secret', deny('malformed_credential'));
  const world = fc.record({
    presented: fc.record({ query: presented, cookie: presented }),
    verified: fc.constantFrom(
      ...[anIdentity(), ticket, anIdentity({ restrictions: boundTo('other') }), deny('expired')],
      anIdentity({ restrictions: boundTo('other'), maxUses: 1 }),
    ),
    redeemed: fc.constantFrom(undefined, deny('already_used')),
  });
  const facts = fc.record({
    upgrade: fc.constantFrom('none', 'websocket', 'other'),
    method: fc.constantFrom('GET', 'POST'),
    origin: fc.constantFrom(undefined, 'https://app.example.com', evil),
  });
  const rules = fc.record({ origins: fc.constantFrom(originsOf('same'), listed.origins) });
  await fc.assert(
    fc.asyncProperty(world, facts, rules, async (world, facts, rules) => {
      const { query, cookie } = world.presented as World['presented'] & object;
      const identity = isDenial(world.verified) ? undefined : world.verified;
      const credential = query ?? cookie;
      const plain = facts.upgrade === 'none';
      const foreign = facts.origin === undefined ? !plain : facts.origin === evil;
      const kept =
        (plain || (facts.upgrade === 'websocket' && facts.method === 'GET')) &&
        !(foreign && (rules.origins === listed.origins || query === undefined)) &&
        credential === 'secret' &&
        identity !== undefined &&
        (identity.restrictions.gates.length === 0 || identity.restrictions.gates.includes('chat'));
      const counted = identity?.maxUses !== undefined;
      const { outcome, calls } = await decideOn(world as World, facts as Partial<Handshake>, rules);
      assert.equal(
        calls.filter((call) => call.startsWith('redeem')).length,
        kept && counted ? 1 : 0,
      );
      assert.equal(outcome === 'allow', kept && !(counted && world.redeemed !== undefined));
    }),
    { numRuns: 2_000 },
  );
});
