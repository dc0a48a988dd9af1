import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  claimsOf,
  makeJwt,
  newSecret,
  noon,
  outcome,
  present,
  startWithIssuers,
} from '../../testkit/jwt.ts';

const signer = newSecret();
const { material: secret } = signer;

test('a JWT tells backends who it is, and every identity header is there', async (t) => {
  const postern = await startWithIssuers(t, { one: { secret } });
  const claims = { email: 'a@example.com', name: 'Zoë', groups: ['a', 'b,c', 'd'], jti: 'id-1' };
  const full = await present(postern, makeJwt(signer, claims));
  const headers = (answer: typeof full) =>
    ['remote-user', 'remote-email', 'remote-name', 'remote-groups', 'x-postern-token-id'].map(
      (name) => answer.headers[name],
    );
  const name = Buffer.from('Zoë').toString('latin1');
  assert.deepEqual(headers(full), ['alice', 'a@example.com', name, 'a,d', 'id-1']);
  const { issuer, token_id, subject } = postern.lastDecision();
  assert.deepEqual([issuer, token_id, subject], ['one', 'id-1', 'alice']);
  const bare = headers(await present(postern, makeJwt(signer, { groups: 'x,y', name: {} })));
  assert.deepEqual(bare.slice(0, 4), ['alice', '', '', '']);
});

test('a JWT without a usable jti is called by a fingerprint, which is no part of it', async (t) => {
  const postern = await startWithIssuers(t, { one: { secret } });
  const idOf = async (claims: object) => {
    const jwt = makeJwt(signer, { ...claims });
    const { status, headers } = await present(postern, jwt);
    assert.equal(status, 200);
    const id = String(headers['x-postern-token-id']);
    assert.equal(postern.lastDecision().token_id, id);
    assert.ok(!jwt.includes(id));
    return id;
  };
  const strange = ['two words', 'line\nfeed', 'ü', 'x'.repeat(129)];
  for (const claims of [{}, ...strange.map((jti) => ({ jti }))]) {
    assert.match(await idOf(claims), /^jwt_[A-Za-z0-9_-]{17}$/);
  }
  assert.equal(await idOf({}), await idOf({}));
  assert.notEqual(await idOf({}), await idOf({ sub: 'bob' }));
  assert.equal(await idOf({ jti: 'x'.repeat(128) }), 'x'.repeat(128));
});

test('subject and groups come from the claims that the issuer is configured with', async (t) => {
  const postern = await startWithIssuers(t, {
    one: { secret, subject_claim: 'preferred_username', groups_claim: 'realm_access.roles' },
    two: { secret, issuer: 'two', groups_claim: 'https://example.com/roles' },
  });
  const keycloak = await present(
    postern,
    makeJwt(signer, {
      preferred_username: 'al',
      groups: ['wrong'],
      realm_access: { roles: ['admin', 'user'] },
    }),
  );
  assert.equal(keycloak.headers['remote-user'], 'al');
  assert.equal(keycloak.headers['remote-groups'], 'admin,user');
  const without = await present(
    postern,
    makeJwt(signer, { preferred_username: 'al', groups: ['wrong'] }),
  );
  assert.equal(without.headers['remote-groups'], '');
  const auth0 = { iss: 'two', 'https://example.com/roles': ['a'] };
  const { headers } = await present(postern, makeJwt(signer, auth0));
  assert.equal(headers['remote-groups'], 'a');
  const inherited = { preferred_username: undefined, constructor: { name: 'x' } };
  assert.equal(await outcome(postern, makeJwt(signer, inherited)), 'malformed_credential');
});

test('a JWT is good at the gates that its claim names, and at none without it', async (t) => {
  const postern = await startWithIssuers(t, { one: { secret, gates_claim: 'gates' } });
  const at = async (gates: unknown, gate = 'chat') => {
    const jwt = makeJwt(signer, { gates });
    return outcome(postern, jwt, { 'x-postern-gate': gate });
  };
  for (const gates of [['chat'], ['media', 'chat'], 'chat', 'media chat', ['Nonsense', 'chat']]) {
    assert.equal(await at(gates), 200, JSON.stringify(gates));
  }
  const none = [undefined, null, [], '', ' ', {}, 5, true, [5, 'chat'], [['chat']], [null], ['']];
  for (const gates of [...none, ['media'], 'media', 'chatter', { chat: true }, ['*'], '*']) {
    assert.equal(await at(gates), 'wrong_gate', JSON.stringify(gates));
  }
  assert.equal(await at(['chat'], 'default'), 'wrong_gate');
  const page = await present(postern, makeJwt(signer), { 'x-original-upgrade': '' });
  assert.equal(page.status, 403);
  const { body } = await postern.api('POST', '/v1/introspect', { token: makeJwt(signer) });
  assert.deepEqual(body, { active: false, reason: 'wrong_gate' });
});

test('claims that do not fit into an answer are left out, and the answer stays below 8 KB', async (t) => {
  const postern = await startWithIssuers(t, { one: { secret } });
  const size = (headers: Record<string, unknown>) =>
    Object.entries(headers).reduce(
      (sum, [name, value]) => sum + name.length + `${value}`.length,
      0,
    );
  const large = [
    { groups: Array.from({ length: 400 }, (_, index) => `group-${index}`) },
    { name: 'n'.repeat(5_500) },
    { name: 'ü'.repeat(2_500) },
    { email: 'e'.repeat(2_500), name: 'n'.repeat(2_500) },
    { other: 'o'.repeat(5_500), name: 'Alice' },
  ];
  for (const claims of large) {
    const answer = await present(postern, makeJwt(signer, { sub: 's'.repeat(256), ...claims }));
    assert.equal(answer.status, 200);
    assert.ok(size(answer.headers) < 8_000, `${size(answer.headers)}`);
    const told = ['remote-email', 'remote-name', 'remote-groups'].map((name) =>
      String(answer.headers[name]),
    );
    const fits = told.every((value) => value.length <= 4_096);
    assert.ok(fits && answer.headers['remote-user']);
  }
  const last = await present(postern, makeJwt(signer, large.at(-1)));
  assert.equal(last.headers['remote-name'], 'Alice');
  const nine = makeJwt(signer, { name: 'n'.repeat(9_000) });
  const refused = await present(postern, nine);
  assert.deepEqual([refused.status, refused.reason], [401, 'malformed_credential']);
});

test('introspection of a JWT tells its claims, and what a gate would say', async (t) => {
  let now = noon;
  const postern = await startWithIssuers(t, { one: { secret } }, { clock: () => now });
  const introspect = async (token: string) =>
    (await postern.api('POST', '/v1/introspect', { token, gate: 'chat' })).body;
  const claims = {
    jti: 'id-1',
    email: 'a@example.com',
    level: 3,
    admin: false,
    tags: ['a', 1, true],
    nested: { left: 'out' },
    mixed: ['left', {}],
    nothing: null,
    nbf: 1,
    ['__proto__']: 'odd',
  };
  const jwt = makeJwt(signer, claims);
  assert.deepEqual(await introspect(jwt), {
    active: true,
    sub: 'alice',
    iss: claimsOf().iss,
    token_type: 'Bearer',
    jti: 'id-1',
    gate: 'chat',
    exp: claimsOf().exp,
    claims: JSON.parse(
      '{"email":"a@example.com","level":3,"admin":false,"tags":["a",1,true],"__proto__":"odd"}',
    ),
  });
  assert.deepEqual(await introspect(makeJwt(newSecret())), {
    active: false,
    reason: 'invalid_signature',
  });
  now += 2 * 3_600_000;
  assert.deepEqual(await introspect(jwt), { active: false, reason: 'expired' });
});

test('a thousand JWTs of two issuers, interleaved: nobody gets the name of another', async (t) => {
  const postern = await startWithIssuers(t, { one: { secret }, two: { secret, issuer: 'two' } });
  const round = async (start: number) => {
    const people = Array.from({ length: 100 }, (_, index) => {
      const name = `user-${start + index}`;
      const issuer = index % 2 ? { iss: 'two' } : {};
      const claims = { sub: name, email: `${name}@example.com`, groups: [name], jti: name };
      return { name, jwt: makeJwt(signer, { ...claims, ...issuer }) };
    });
    const answers = await Promise.all(people.map(({ jwt }) => present(postern, jwt)));
    for (const [index, { headers }] of answers.entries()) {
      const name = people[index]?.name;
      const told = ['remote-user', 'remote-email', 'remote-groups', 'x-postern-token-id'];
      assert.deepEqual(
        told.map((header) => headers[header]),
        [name, `${name}@example.com`, name, name],
      );
    }
  };
  for (let start = 0; start < 1_000; start += 100) await round(start);
});
