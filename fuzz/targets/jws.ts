import { parseJwks } from '../../src/core/model/jwks.ts';
import { readUnverifiedJwt } from '../../src/core/model/jws.ts';
import { isDenial } from '../../src/core/model/verdict.ts';
import { expect, type Target } from '../target.ts';

const encode = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

const headers = [
  { alg: 'EdDSA', typ: 'JWT' },
  { alg: 'none' },
  { alg: 1 },
  { typ: 'JWT' },
  { alg: 'HS256', crit: ['exp'], jku: 'https://evil.example/' },
  '{"alg":"a","alg":2}',
  'null',
  '[]',
  '{',
];
const payloads = [
  { iss: 'https://issuer.example.com/', sub: 'alice' },
  { verdict: 'deny', reason: 'x' },
  '{"__proto__":{"iss":"a"}}',
  '"text"',
  '',
  '\u00ff\u00fe',
];

/** A JWT as it presents itself, and a JWKS. */
export const jws: Target = {
  seeds: [
    `${encode(headers[0])}.${encode(payloads[0])}.AAAA`,
    `${encode(headers[1])}.${encode({})}.`,
    `${encode(headers[0])}.${encode({})}.a.b`,
    `${encode({ alg: 'dir', enc: 'A256GCM' })}..a.b.c`,
    `${encode(headers[0])}=.${encode({})}.AB`,
    'a.b.c',
    '{"keys":[{"kty":"RSA"}]}',
  ],
  words: ['.', '=', ...headers.map(encode), ...payloads.map(encode), '{"keys":[', '{}', 'null'],
  longest: 65_536,
  generate(random) {
    if (random.oneIn(10)) return `{"keys":[${random.pick(['{}', 'null', '1', '{"kid":"a"}'])}]}`;
    const parts = [encode(random.pick(headers)), encode(random.pick(payloads)), 'AAAA'];
    return [...parts, ...(random.oneIn(5) ? ['a', 'b'] : [])].join('.');
  },
  run(text) {
    const jwks = parseJwks(text);
    if (jwks !== undefined) {
      expect(Array.isArray(jwks.keys), 'a JWKS has a list of keys');
      return 'a JWKS';
    }
    const read = readUnverifiedJwt(text);
    if (read === undefined) return 'no JWT';
    if (isDenial(read)) return read.detail ?? read.reason;
    const parts = text.split('.');
    expect(parts.length === 3, 'a JWT has three parts');
    for (const part of parts) {
      const again = Buffer.from(part, 'base64url').toString('base64url');
      expect(again === part, 'a JWT is spelled in one way', part);
    }
    const told = JSON.parse(Buffer.from(parts[1] ?? '', 'base64url').toString()) as object;
    expect(JSON.stringify(told) === JSON.stringify(read.claims), 'the claims are what it says');
    return 'claims';
  },
};
