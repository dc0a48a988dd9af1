import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryDirectory } from '../../testkit/directory.ts';
import {
  byUrl,
  makeJwt,
  newSecret,
  newSigner,
  outcome,
  present,
  startJwksServer,
  startWithIssuers,
} from '../../testkit/jwt.ts';

const asymmetric = ['RS256', 'ES256', 'EdDSA'];

for (const alg of [...asymmetric, 'RS512', 'PS256', 'ES384', 'ES512']) {
  test(`a JWT signed with ${alg} passes with a public key in PEM form, inline and in a file`, async (t) => {
    const signer = newSigner(alg);
    const file = join(temporaryDirectory(t), 'key.pem');
    writeFileSync(file, signer.material);
    for (const key of [{ public_key: signer.material }, { public_key_file: file }]) {
      const postern = await startWithIssuers(t, { one: { ...key, algorithms: [alg] } });
      assert.equal(await outcome(postern, makeJwt(signer)), 200);
      assert.equal(await outcome(postern, makeJwt(newSigner(alg))), 'invalid_signature');
    }
  });
}

for (const alg of ['HS256', 'HS384', 'HS512']) {
  test(`a JWT signed with ${alg} passes with a shared secret, inline and in a file`, async (t) => {
    const signer = newSecret(alg);
    const file = join(temporaryDirectory(t), 'secret');
    writeFileSync(file, `${signer.material}\n`);
    for (const key of [{ secret: signer.material }, { secret_file: file }]) {
      const postern = await startWithIssuers(t, { one: { ...key, algorithms: [alg] } });
      assert.equal(await outcome(postern, makeJwt(signer)), 200);
      assert.equal(await outcome(postern, makeJwt(newSecret(alg))), 'invalid_signature');
    }
  });
}

test('without `algorithms`, what is usual for a key works', async (t) => {
  for (const signer of [newSecret(), ...asymmetric.map((alg) => newSigner(alg))]) {
    const key = signer.jwk === undefined ? 'secret' : 'public_key';
    const postern = await startWithIssuers(t, { one: { [key]: signer.material } });
    assert.equal(await outcome(postern, makeJwt(signer)), 200, signer.alg);
  }
});

test('a JWKS behind a URL and one in a file serve every kind of public key', async (t) => {
  const signers = [...asymmetric, 'PS256', 'ES384'].map((alg) => newSigner(alg, alg));
  const server = await startJwksServer(t, ...signers);
  const file = join(temporaryDirectory(t), 'jwks.json');
  writeFileSync(file, JSON.stringify({ keys: signers.map(({ jwk }) => jwk) }));
  for (const keys of [byUrl(server), { jwks_file: file }]) {
    const postern = await startWithIssuers(t, { one: keys }, { singleProcess: true });
    for (const signer of signers) {
      assert.equal(await outcome(postern, makeJwt(signer)), 200, signer.alg);
    }
    const stranger = newSigner('RS256', 'ES256');
    assert.equal(await outcome(postern, makeJwt(stranger)), 'invalid_signature');
  }
  assert.equal(server.requests.length, 1);
});

test('a JWT that names no key is tried on each that fits', async (t) => {
  const signers = Array.from({ length: 3 }, (_, index) => newSigner('ES256', `key-${index}`));
  const postern = await startWithIssuers(t, { one: byUrl(await startJwksServer(t, ...signers)) });
  for (const signer of signers) {
    const unnamed = { ...signer, kid: undefined };
    assert.equal(await outcome(postern, makeJwt(unnamed)), 200);
    assert.equal(await outcome(postern, makeJwt(unnamed, { exp: 1 })), 'expired');
  }
  const stranger = newSigner('ES256', undefined);
  assert.equal(await outcome(postern, makeJwt(stranger)), 'invalid_signature');
});

test('a JWKS file is read again when it has changed, and a broken one changes nothing', async (t) => {
  let now = Date.parse('2026-12-01T12:00:00Z');
  const file = join(temporaryDirectory(t), 'jwks.json');
  const [old, young] = [newSigner('ES256', 'old'), newSigner('EdDSA', 'young')];
  const publish = (...keys: unknown[]) => writeFileSync(file, JSON.stringify({ keys }));
  publish(old.jwk);
  const postern = await startWithIssuers(
    t,
    { one: { jwks_file: file } },
    { clock: () => now, singleProcess: true },
  );
  assert.equal(await outcome(postern, makeJwt(old)), 200);
  assert.equal(await outcome(postern, makeJwt(young)), 'invalid_signature');
  publish(young.jwk);
  now += 1_000;
  assert.equal(await outcome(postern, makeJwt(old)), 'invalid_signature');
  assert.equal(await outcome(postern, makeJwt(young)), 200);
  for (const broken of ['{"keys":', '[]', '{"keys":[1]}', ' '.repeat(262_145)]) {
    writeFileSync(file, broken);
    now += 1_000;
    assert.equal(await outcome(postern, makeJwt(young)), 200);
    assert.equal(await outcome(postern, makeJwt(old)), 'issuer_unavailable');
  }
  const warnings = postern.log.filter(({ event }) => event === 'issuer');
  assert.equal(warnings.length, 4);
  assert.match(String(warnings[0]?.why), /is not a JWKS/);
  assert.match(String(warnings[3]?.why), /more than 262144 bytes/);
});

test('a JWKS never lends a secret or a private key', async (t) => {
  const server = await startJwksServer(t);
  const secret = newSecret();
  const signer = newSigner('ES256');
  server.keys = [
    { kty: 'oct', kid: 'key-1', k: Buffer.from(secret.material).toString('base64url') },
    { ...signer.jwk, kid: 'key-2', d: signer.jwk?.x },
  ] as typeof server.keys;
  const postern = await startWithIssuers(t, { one: byUrl(server) });
  const symmetric = makeJwt({ ...secret, kid: 'key-1' });
  assert.equal(await outcome(postern, symmetric), 'invalid_signature');
  const priv = makeJwt({ ...signer, kid: 'key-2' });
  assert.equal(await outcome(postern, priv), 'invalid_signature');
});

test('where no issuer is configured a JWT is a token like any other', async (t) => {
  const postern = await startWithIssuers(t, {});
  const jwt = makeJwt(newSecret());
  assert.equal(await outcome(postern, jwt), 'unknown_token');
  const tokens = [{ secret: jwt, subject: 'old-app' }];
  await postern.api('POST', '/v1/tokens/import', { tokens });
  assert.equal((await present(postern, jwt)).headers['remote-user'], 'old-app');
});

test("tokens of Postern's own pass beside JWTs", async (t) => {
  const postern = await startWithIssuers(t, { one: { secret: newSecret().material } });
  const { token } = await postern.issue();
  assert.equal(await outcome(postern, token), 200);
  const dotted = 'a-secret.with-dots.in-it-0123456789-abcdefgh';
  await postern.api('POST', '/v1/tokens/import', { tokens: [{ secret: dotted, subject: 'bob' }] });
  assert.equal(await outcome(postern, dotted), 200);
  const foreign = makeJwt(newSecret(), { iss: 'https://elsewhere.example.com/' });
  assert.equal(await outcome(postern, foreign), 'unknown_token');
});
