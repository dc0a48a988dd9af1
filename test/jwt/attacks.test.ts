import assert from 'node:assert/strict';
import { createHmac, generateKeyPairSync, publicEncrypt } from 'node:crypto';
import type { ServerResponse } from 'node:http';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import {
  audience,
  byUrl,
  claimsOf,
  encodePart,
  iss,
  makeJwt,
  newSecret,
  newSigner,
  noon,
  outcome,
  present,
  type Signer,
  signParts,
  startJwksServer,
  startWithIssuers,
} from '../../testkit/jwt.ts';

const soon = noon / 1_000 + 60;

test('no URL and no key in a JWT is ever looked at', async (t) => {
  const attacker = newSigner('ES256');
  const evil = await startJwksServer(t, attacker);
  const good = newSigner('ES256');
  const server = await startJwksServer(t, good);
  const postern = await startWithIssuers(t, { one: byUrl(server) });
  const certificate = [Buffer.from('nothing').toString('base64')];
  const headers = [
    { jku: evil.url },
    { x5u: evil.url },
    { jwk: attacker.jwk },
    { x5c: certificate },
    { jku: evil.url, x5u: evil.url, jwk: attacker.jwk, kid: evil.url },
    { kid: '../../../../etc/passwd' },
    { kid: undefined, jwk: attacker.jwk },
  ];
  for (const header of headers) {
    assert.equal(await outcome(postern, makeJwt(attacker, {}, header)), 'invalid_signature');
    const foreign = makeJwt(attacker, { iss: evil.url }, header);
    assert.equal(await outcome(postern, foreign), 'unknown_token');
  }
  assert.equal(await outcome(postern, makeJwt(good, {}, { jku: evil.url })), 200);
  assert.deepEqual(evil.requests, []);
  assert.ok(server.requests.length <= 2);
});

test('of two issuers with one kid, neither speaks for the other', async (t) => {
  const other = 'https://other.example.com/';
  const [first, second] = [newSigner('RS256', 'shared'), newSigner('RS256', 'shared')];
  const secret = newSecret();
  const postern = await startWithIssuers(t, {
    first: byUrl(await startJwksServer(t, first)),
    second: { issuer: other, ...byUrl(await startJwksServer(t, second)) },
    third: { issuer: 'third', secret: secret.material },
  });
  assert.equal(await outcome(postern, makeJwt(first)), 200);
  assert.equal(await outcome(postern, makeJwt(second, { iss: other })), 200);
  assert.equal(await outcome(postern, makeJwt(second)), 'invalid_signature');
  assert.equal(await outcome(postern, makeJwt(first, { iss: other })), 'invalid_signature');
  assert.equal(await outcome(postern, makeJwt(secret)), 'invalid_signature');
  assert.equal(await outcome(postern, makeJwt(first, { iss: 'third' })), 'invalid_signature');
});

test('the issuer is the one that `iss` names to the letter', async (t) => {
  const signer = newSecret();
  const postern = await startWithIssuers(t, { one: { secret: signer.material } });
  const others = [
    ...[iss.slice(0, -1), iss.toUpperCase(), ` ${iss}`, `${iss} `, `${iss}\0`, `${iss}x`, ''],
    ...[[iss], { [iss]: iss }, null, undefined, 5, true, '__proto__', 'constructor'],
  ];
  for (const other of others) {
    const reason = await outcome(postern, makeJwt(signer, { iss: other }));
    assert.equal(reason, 'unknown_token', JSON.stringify(other));
  }
});

test('an algorithm of another kind of key, or none, is refused', async (t) => {
  const rsa = newSigner('RS256', undefined);
  const pem = newSecret('HS256', rsa.material);
  const jwkText = newSecret('HS256', JSON.stringify(rsa.jwk));
  const trimmed = newSecret('HS256', rsa.material.trim());
  const der = newSecret('HS256', rsa.material.split('\n').slice(1, -2).join(''));
  const postern = await startWithIssuers(t, {
    one: { public_key: rsa.material },
    jwks: { issuer: 'jwks', ...byUrl(await startJwksServer(t, rsa)) },
  });
  assert.equal(await outcome(postern, makeJwt(rsa)), 200);
  for (const forger of [pem, jwkText, trimmed, der, newSecret('HS256', '')]) {
    for (const issuer of [iss, 'jwks']) {
      const jwt = makeJwt(forger, { iss: issuer });
      assert.equal(await outcome(postern, jwt), 'invalid_signature');
    }
  }
  for (const alg of ['none', 'None', 'NONE', 'nOnE', '', 'RS512', 'PS256', 'ES256', 'HS512']) {
    const unsigned = `${encodePart({ alg })}.${encodePart(claimsOf())}`;
    for (const jwt of [`${unsigned}.`, `${unsigned}.${rsa.sign(unsigned)}`]) {
      const { status } = await present(postern, jwt);
      assert.equal(status, 401, alg);
    }
  }
  assert.deepEqual(
    [postern.lastDecision().reason, postern.lastDecision().detail],
    ['invalid_signature', 'alg'],
  );
});

test('a JWE is refused, whoever it was made for', async (t) => {
  const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  const pem = publicKey.export({ type: 'spki', format: 'pem' }).toString();
  const postern = await startWithIssuers(t, { one: { public_key: pem } });
  const key = publicEncrypt(publicKey, Buffer.alloc(32)).toString('base64url');
  for (const header of [
    { alg: 'RSA-OAEP', enc: 'A256GCM' },
    { alg: 'dir', enc: 'A256GCM' },
  ]) {
    const jwe = [header, '', '', ''].map(encodePart);
    const parts = [jwe[0], key, encodePart('123456789012'), encodePart('text'), encodePart('tag')];
    assert.equal(await outcome(postern, parts.join('.')), 'malformed_credential');
    assert.equal(postern.lastDecision().detail, 'a JWE');
  }
});

test('what a JWT has to have, and what it must not', async (t) => {
  const signer = newSecret();
  const postern = await startWithIssuers(t, { one: { secret: signer.material } });
  const without = (name: string) => makeJwt(signer, { [name]: undefined });
  const cases: [string, string, string | number, string?][] = [
    ['no exp', without('exp'), 'malformed_credential', 'exp'],
    ['exp as text', makeJwt(signer, { exp: `${soon}` }), 'malformed_credential', 'exp'],
    ['exp null', makeJwt(signer, { exp: null }), 'malformed_credential', 'exp'],
    ['exp beyond all dates', makeJwt(signer, { exp: 1e300 }), 'malformed_credential', 'exp'],
    ['exp in the past', makeJwt(signer, { exp: -1 }), 'expired'],
    ['no aud', without('aud'), 'wrong_audience'],
    ['an empty aud', makeJwt(signer, { aud: [] }), 'wrong_audience'],
    ['aud of others', makeJwt(signer, { aud: ['postern2', 'post'] }), 'wrong_audience'],
    ['aud in other case', makeJwt(signer, { aud: 'Postern' }), 'wrong_audience'],
    ['aud with a space', makeJwt(signer, { aud: `${audience} other` }), 'wrong_audience'],
    ['aud as an object', makeJwt(signer, { aud: { [audience]: 1 } }), 'wrong_audience'],
    ['aud in a list in a list', makeJwt(signer, { aud: [[audience]] }), 'wrong_audience'],
    ['aud among others', makeJwt(signer, { aud: ['a', audience] }), 200],
    ['nbf ahead', makeJwt(signer, { nbf: soon }), 'not_yet_valid', 'nbf'],
    ['nbf as text', makeJwt(signer, { nbf: 'x' }), 'malformed_credential', 'nbf'],
    ['iat ahead', makeJwt(signer, { iat: soon }), 'not_yet_valid', 'iat'],
    ['iat as text', makeJwt(signer, { iat: 'x' }), 'malformed_credential', 'iat'],
    ['no iat', without('iat'), 200],
    ['no sub', without('sub'), 'malformed_credential', 'subject'],
    ['an empty sub', makeJwt(signer, { sub: '' }), 'malformed_credential', 'subject'],
    ['sub as an object', makeJwt(signer, { sub: {} }), 'malformed_credential', 'subject'],
    ['sub with a line feed', makeJwt(signer, { sub: 'a\nb' }), 'malformed_credential', 'subject'],
    ['sub with space around', makeJwt(signer, { sub: ' root' }), 'malformed_credential', 'subject'],
    [
      'sub that reads backwards',
      makeJwt(signer, { sub: 'a\u202eb' }),
      'malformed_credential',
      'subject',
    ],
    ['sub of two lines', makeJwt(signer, { sub: 'a\u2028b' }), 'malformed_credential', 'subject'],
    [
      'sub with a joiner',
      makeJwt(signer, { sub: 'al\u200dice' }),
      'malformed_credential',
      'subject',
    ],
    ['sub broken', makeJwt(signer, { sub: '\ud800' }), 'malformed_credential', 'subject'],
    ['sub too long', makeJwt(signer, { sub: 's'.repeat(257) }), 'malformed_credential', 'subject'],
    ['sub as a number', makeJwt(signer, { sub: 42 }), 200],
    ['jti as a number', makeJwt(signer, { jti: 5 }), 'malformed_credential', 'jti'],
    ['an empty jti', makeJwt(signer, { jti: '' }), 'malformed_credential', 'jti'],
    ['unknown crit', makeJwt(signer, {}, { crit: ['x'], x: 1 }), 'malformed_credential', 'crit'],
    ['empty crit', makeJwt(signer, {}, { crit: [] }), 'malformed_credential', 'header'],
    ['crit exp', makeJwt(signer, {}, { crit: ['exp'], exp: 1 }), 'malformed_credential', 'crit'],
    ['b64 false', makeJwt(signer, {}, { crit: ['b64'], b64: false }), 'malformed_credential'],
    ['claims that look like a denial', makeJwt(signer, { verdict: 'deny' }), 200],
  ];
  for (const [what, jwt, expected, detail] of cases) {
    assert.equal(await outcome(postern, jwt), expected, what);
    if (detail !== undefined) assert.equal(postern.lastDecision().detail, detail, what);
  }
  const infinite = signParts(
    signer,
    { alg: 'HS256' },
    JSON.stringify(claimsOf()).replace(/"exp":\d+/, '"exp":1e999'),
  );
  assert.equal(await outcome(postern, infinite), 'malformed_credential');
});

/** Tokens that are no JWTs, of parts of a good one. */
function malformed(signer: Signer): [what: string, jwt: string][] {
  const jwt = makeJwt(signer);
  const [header = '', payload = '', signature = ''] = jwt.split('.');
  const signed = (h: unknown, p: unknown) => signParts(signer, h, p);
  const alg = { alg: signer.alg };
  return [
    ['one part', header],
    ['two parts', `${header}.${payload}`],
    ['four parts', `${jwt}.${signature}`],
    ['empty parts', '..'],
    ['no header', `.${payload}.${signature}`],
    ['no payload', `${header}..${signature}`],
    ['no signature', `${header}.${payload}.`],
    ['a cut signature', jwt.slice(0, -1)],
    ['a doubled signature', `${jwt}${signature}`],
    ['padding', `${jwt}=`],
    ['padding in the header', `${header}=.${payload}.${signature}`],
    ['characters of base64', `${header}.${payload}.+/${signature.slice(2)}`],
    ['parts in another order', `${payload}.${header}.${signature}`],
    ['a header that is text', signed('"text"', claimsOf())],
    ['a header that is a list', signed([alg], claimsOf())],
    ['a header that is null', signed('null', claimsOf())],
    ['a header that is no JSON', signed('{alg:HS256}', claimsOf())],
    ['a header without alg', signed({ typ: 'JWT' }, claimsOf())],
    ['a header with a list of algs', signed({ alg: [signer.alg] }, claimsOf())],
    ['a payload that is text', signed(alg, '"text"')],
    ['a payload that is a list', signed(alg, [claimsOf()])],
    ['a payload that is null', signed(alg, 'null')],
    ['a payload that is no JSON', signed(alg, 'text')],
    ['a payload with something behind it', signed(alg, `${JSON.stringify(claimsOf())}x`)],
    ['a JWT inside a JWT', signed({ ...alg, cty: 'JWT' }, jwt)],
    ['a JSON serialization', JSON.stringify({ protected: header, payload, signature })],
    ['a very deep payload', signed(alg, '['.repeat(5_000))],
    ['more than 8 KiB', signed(alg, claimsOf({ name: 'n'.repeat(9_000) }))],
  ];
}

for (const alg of ['HS256', 'ES256']) {
  test(`what is not quite a JWT (${alg}) never passes`, async (t) => {
    const signer = alg === 'HS256' ? newSecret() : newSigner(alg);
    const key = alg === 'HS256' ? 'secret' : 'public_key';
    const postern = await startWithIssuers(t, { one: { [key]: signer.material } });
    assert.equal(await outcome(postern, makeJwt(signer)), 200);
    const reasons = new Set<string | number>();
    for (const [what, jwt] of malformed(signer)) {
      const { status } = await present(postern, jwt);
      assert.equal(status, 401, what);
      reasons.add(String(postern.lastDecision().reason));
    }
    assert.deepEqual([...reasons].sort(), [
      'invalid_signature',
      'malformed_credential',
      'unknown_token',
    ]);
  });

  test(`a JWT (${alg}) with any character changed, added or left out never passes`, async (t) => {
    const signer = alg === 'HS256' ? newSecret() : newSigner(alg);
    const key = alg === 'HS256' ? 'secret' : 'public_key';
    const postern = await startWithIssuers(t, { one: { [key]: signer.material } });
    const jwt = makeJwt(signer);
    const character = fc.constantFrom(
      ...'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.=+/~',
    );
    const mutation = fc
      .tuple(fc.nat(jwt.length - 1), character, fc.constantFrom(0, 1, 2))
      .map(([at, replacement, kept]) => {
        const rest = jwt.slice(kept === 0 ? at : at + 1);
        return jwt.slice(0, at) + (kept === 2 ? '' : replacement) + rest;
      })
      .filter((mutant) => mutant !== jwt);
    await fc.assert(
      fc.asyncProperty(mutation, async (mutant) => {
        assert.equal((await present(postern, mutant)).status, 401);
      }),
      { numRuns: 400 },
    );
    // The last character of a signature has bits that decoders drop.
    for (const last of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_') {
      const mutant = jwt.slice(0, -1) + last;
      if (mutant !== jwt) assert.equal((await present(postern, mutant)).status, 401, last);
    }
  });
}

test('a signature of another hash under the same secret is refused', async (t) => {
  const signer = newSecret();
  const postern = await startWithIssuers(t, { one: { secret: signer.material } });
  const wrong = {
    ...signer,
    sign: (input: string) =>
      createHmac('sha512', signer.material).update(input).digest('base64url'),
  };
  assert.equal(await outcome(postern, makeJwt(wrong)), 'invalid_signature');
  assert.equal(await outcome(postern, makeJwt({ ...wrong, alg: 'HS512' })), 'invalid_signature');
});

async function startWithServer(t: TestContext, clock: () => number) {
  const signer = newSigner('ES256');
  const server = await startJwksServer(t, signer);
  // What bounds fetches by itself is tested here, without what stops whoever tries too often.
  const env = { POSTERN_THROTTLE_ENABLED: 'false' };
  const postern = await startWithIssuers(
    t,
    { one: byUrl(server) },
    { clock, env, singleProcess: true },
  );
  return { signer, server, postern };
}

test('two hundred JWTs with random kids fetch the JWKS a few times only', async (t) => {
  let now = noon;
  const { signer, server, postern } = await startWithServer(t, () => now);
  const flood = async () => {
    const kids = Array.from({ length: 200 }, () => `kid-${Math.random()}`);
    const answers = await Promise.all(
      kids.map((kid) => outcome(postern, makeJwt(signer, {}, { kid }))),
    );
    // On a machine that is busy, some do not wait for the fetch.
    const denied = ['invalid_signature', 'issuer_unavailable'];
    assert.ok(answers.every((answer) => denied.includes(String(answer))));
  };
  await flood();
  assert.equal(server.requests.length, 1);
  now += 9_999;
  await flood();
  assert.equal(server.requests.length, 1);
  now += 1;
  await flood();
  assert.equal(server.requests.length, 2);
  assert.equal(await outcome(postern, makeJwt(signer)), 200);
});

test('a JWKS that answers 503 is asked once a cool-down, and nothing passes', async (t) => {
  let now = noon;
  const { signer, server, postern } = await startWithServer(t, () => now);
  server.answer = (_request, response) => response.writeHead(503).end();
  for (let i = 0; i < 100; i++) {
    assert.equal(await outcome(postern, makeJwt(signer)), 'issuer_unavailable');
  }
  assert.equal((await present(postern, makeJwt(signer))).status, 503);
  const page = await present(postern, makeJwt(signer), { 'x-original-upgrade': '' });
  assert.equal(page.status, 503);
  assert.equal(server.requests.length, 1);
  const warnings = postern.log.filter(({ event }) => event === 'issuer');
  assert.deepEqual(
    warnings.map(({ issuer, why }) => [issuer, why]),
    [['one', 'it answered 503']],
  );
  server.answer = undefined;
  assert.equal(await outcome(postern, makeJwt(signer)), 'issuer_unavailable');
  now += 10_000;
  assert.equal(await outcome(postern, makeJwt(signer)), 200);
  assert.equal(server.requests.length, 2);
});

test('an endless JWKS is read up to its limit', async (t) => {
  const { signer, server, postern } = await startWithServer(t, () => noon);
  let sent = 0;
  const closed = new Promise<void>((resolve) => {
    server.answer = (_request, response) => {
      response.on('close', resolve);
      response.write('{"keys":[');
      const chunk = `${' '.repeat(65_535)}\n`;
      const pour = () => {
        while (sent < 80_000_000 && !response.destroyed) {
          sent += chunk.length;
          if (!response.write(chunk)) return response.once('drain', pour);
        }
        return response.end();
      };
      pour();
    };
  });
  assert.equal(await outcome(postern, makeJwt(signer)), 'issuer_unavailable');
  await closed;
  assert.ok(sent < 8_000_000, `${sent} bytes were sent`);
  assert.match(
    String(postern.log.find(({ event }) => event === 'issuer')?.why),
    /more than 262144/,
  );
});

test('a JWKS that is elsewhere, or none, is not followed and not believed', async (t) => {
  let now = noon;
  const { signer, server, postern } = await startWithServer(t, () => now);
  const elsewhere = await startJwksServer(t, signer);
  const text = (body: string) => (_: unknown, response: ServerResponse) => void response.end(body);
  const redirect = (status: number) => (_: unknown, response: ServerResponse) =>
    void response.writeHead(status, { Location: elsewhere.url }).end();
  const answers = [
    ...[301, 302, 303, 307, 308].map(redirect),
    ...['', 'null', '[]', '{}', '{"keys":{}}', '{"keys":[null]}', '<html>', '{"keys":['].map(text),
  ];
  for (const answer of answers) {
    server.answer = answer;
    now += 10_000;
    assert.equal(await outcome(postern, makeJwt(signer)), 'issuer_unavailable');
  }
  assert.equal(server.requests.length, answers.length);
  assert.deepEqual(elsewhere.requests, []);
});
