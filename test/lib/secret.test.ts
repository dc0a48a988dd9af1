import assert from 'node:assert/strict';
import { test } from 'node:test';
import { crc32 } from 'node:zlib';
import fc from 'fast-check';
import {
  createId,
  createSecret,
  hashSecret,
  isSameHash,
  isWellFormedSecret,
  lengthEntropy,
} from '../../src/lib/secret.ts';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const filledWith = (octet: number) => (size: number) => Buffer.alloc(size, octet);
const counting = (size: number) => Buffer.from(Array.from({ length: size }, (_, i) => i));

/** Secrets of random bytes that fast-check chooses. */
const secrets = fc
  .uint8Array({ minLength: 32, maxLength: 32 })
  .map((bytes) => createSecret('pst_', () => Buffer.from(bytes)));

test('a secret is its prefix, 32 bytes in base 62, and a checksum, today as ever', () => {
  // Tokens issued by earlier versions have to stay good: these strings never change.
  const known = [
    createSecret('pst_', filledWith(0)),
    createSecret('pst_', filledWith(255)),
    createSecret('pst_', counting),
    createSecret('psa_', filledWith(0)),
  ];
  assert.deepEqual(known, [
    'pst_00000000000000000000000000000000000000000000O7J8C',
    'pst_yhjskwdA6OZ1AL1YmHWZWm8LLG7HjnuCA2j5rOw8Xp13UWKIq',
    'pst_003aUlTJC7tjlCTQj2uNU3MFagCXG9LRKRcwGkBIDlf11pUTw',
    'psa_00000000000000000000000000000000000000000001zOGwb',
  ]);
});

test('secrets are well-formed, of one length, in base 62, and of their own prefix only', () => {
  fc.assert(
    fc.property(secrets, (secret) => {
      assert.match(secret, /^pst_[0-9A-Za-z]{49}$/);
      assert.equal(isWellFormedSecret(secret, 'pst_'), true);
      assert.equal(isWellFormedSecret(secret, 'psa_'), false);
      assert.equal(isWellFormedSecret(secret.replace('pst_', 'psa_'), 'psa_'), false);
    }),
  );
});

test('two secrets are never the same, nor two ids', () => {
  const made = Array.from({ length: 500 }, () => [createSecret('pst_'), createId('tok_')]).flat();
  assert.equal(new Set(made).size, 1_000);
});

test('the checksum catches every change of one character', () => {
  const secret = createSecret('pst_', counting);
  for (let at = 0; at < secret.length; at++) {
    for (const character of `${alphabet}_-. `) {
      if (character === secret[at]) continue;
      const changed = secret.slice(0, at) + character + secret.slice(at + 1);
      assert.equal(isWellFormedSecret(changed, 'pst_'), false, changed);
    }
  }
});

test('the checksum catches every swap of neighbours', () => {
  fc.assert(
    fc.property(secrets, (secret) => {
      for (let at = 0; at < secret.length - 1; at++) {
        const [a, b] = [secret[at], secret[at + 1]];
        if (a === b) continue;
        const swapped = `${secret.slice(0, at)}${b}${a}${secret.slice(at + 2)}`;
        assert.equal(isWellFormedSecret(swapped, 'pst_'), false, swapped);
      }
    }),
  );
});

test('a secret that was cut, lengthened or wrapped is not well-formed', () => {
  const secret = createSecret('pst_');
  const spoiled = [
    ...Array.from({ length: secret.length }, (_, length) => secret.slice(0, length)),
    ...Array.from({ length: secret.length }, (_, start) => secret.slice(start + 1)),
    ...[`${secret}0`, `0${secret}`, `${secret}\n`, ` ${secret}`, `${secret} `, `"${secret}"`],
    ...[secret.toLowerCase(), secret.toUpperCase(), secret + secret],
  ];
  assert.deepEqual(
    spoiled.filter((value) => isWellFormedSecret(value, 'pst_')),
    [],
  );
});

test('characters outside base 62 make no secret, even with a checksum that fits', () => {
  for (const character of ['-', '_', ' ', '\n', '/', 'é', '\u{1d7d8}'[0] ?? '']) {
    const body = `pst_${character.repeat(43)}`;
    assert.equal(isWellFormedSecret(body + checksumOf(body), 'pst_'), false, character);
  }
  const body = `pst_${'a'.repeat(43)}`;
  assert.equal(isWellFormedSecret(body + checksumOf(body), 'pst_'), true, 'checksumOf is right');
});

function checksumOf(body: string): string {
  let rest = crc32(body);
  let digits = '';
  for (let i = 0; i < 6; i++) {
    digits = alphabet[rest % 62] + digits;
    rest = Math.floor(rest / 62);
  }
  return digits;
}

test('no text that nobody made as a secret is taken for one', () => {
  const texts = fc.oneof(
    fc.string(),
    fc.string({ unit: 'binary', minLength: 53, maxLength: 53 }),
    fc.stringMatching(/^pst_[0-9A-Za-z]{49}$/),
  );
  fc.assert(fc.property(texts, (text) => !isWellFormedSecret(text, 'pst_')));
});

test('ids are short, in base 62, and hold 96 bits', () => {
  assert.equal(createId('tok_', filledWith(0)), 'tok_00000000000000000');
  assert.equal(createId('tok_', filledWith(255)), 'tok_1f2SI9UJPXvb7vdJ1');
  assert.match(createId('tok_'), /^tok_[0-9A-Za-z]{17}$/);
});

test('the hash of a secret is its SHA-256', () => {
  assert.equal(
    hashSecret('abc').toString('hex'),
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});

test('hashes are compared by content and length', () => {
  const hash = hashSecret('abc');
  assert.equal(isSameHash(hash, Uint8Array.from(hash)), true);
  assert.equal(isSameHash(hash, hashSecret('abd')), false);
  assert.equal(isSameHash(hash, hash.subarray(1)), false);
  assert.equal(isSameHash(hash, Buffer.alloc(0)), false);
});

const entropies: readonly [what: string, key: string, bits: number][] = [
  ['nothing', '', 0],
  ['one character', 'a', 0],
  ['two characters, over and over', 'ab'.repeat(50), 0],
  ['seven characters, over and over', 'abcdefg'.repeat(10), 0],
  ['38 digits', '0123456789'.repeat(4).slice(2), 126],
  ['39 digits', '0123456789'.repeat(4).slice(1), 129],
  ['31 hexadecimal digits', '0123456789abcdef'.repeat(2).slice(1), 124],
  ['32 hexadecimal digits', '0123456789abcdef'.repeat(2), 128],
  ['32 hexadecimal digits in upper case', '0123456789ABCDEF'.repeat(2), 128],
  ['24 letters and digits in one case', '123456789ghijklmnopqrstu', 124],
  ['25 letters and digits in one case', '0123456789ghijklmnopqrstu', 129],
  ['25 letters and digits in upper case', '0123456789GHIJKLMNOPQRSTU', 129],
  ['21 letters and digits', 'aAbBcCdDeEfF012345678', 125],
  ['22 letters and digits', 'aAbBcCdDeEfF0123456789', 130],
  ['22 characters of base64', 'aAbBcCdDeEfF+/01234567', 132],
  ['a passphrase of 20 characters', 'correct horse batter', 131],
];

for (const [what, key, bits] of entropies) {
  test(`a key of ${what} holds ${bits} bits at most`, () => {
    assert.equal(lengthEntropy(key), bits);
  });
}

test('a longer key of the same alphabet never counts for less, and none for more than its length', () => {
  fc.assert(
    fc.property(fc.stringMatching(/^[0-9A-Za-z]{8,60}$/), (key) => {
      const bits = lengthEntropy(key);
      assert.ok(bits <= key.length * Math.log2(62));
      assert.ok(lengthEntropy(key + key) >= bits);
    }),
  );
});

test('every admin key that Postern makes is strong enough for itself', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 32, maxLength: 32 }), (bytes) => {
      fc.pre(new Set(bytes).size > 20);
      assert.ok(lengthEntropy(createSecret('psa_', () => Buffer.from(bytes))) >= 128);
    }),
  );
});
