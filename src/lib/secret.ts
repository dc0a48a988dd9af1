import { hash, randomBytes, timingSafeEqual } from 'node:crypto';
import { crc32 } from 'node:zlib';

const alphabet = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const bodyLength = 43; // 256 bits in base 62
const checksumLength = 6; // 32 bits in base 62

/** Prefix by which people and secret scanners recognise a kind of secret. */
export type SecretPrefix = 'pst_' | 'psa_';

/** Prefix of tokens and tickets. */
export const tokenPrefix = 'pst_';
/** Prefix of admin keys. */
export const adminKeyPrefix = 'psa_';

/**
 * Creates a secret: prefix, 32 random bytes in base 62, and a checksum, by which a mistyped or truncated
 * secret is recognised without a look-up.
 */
export function createSecret(
  prefix: SecretPrefix,
  random: (size: number) => Buffer = randomBytes,
): string {
  const body = prefix + base62(BigInt(`0x${random(32).toString('hex')}`), bodyLength);
  return body + checksum(body);
}

/** True when the value has the format and a valid checksum of a secret with this prefix. */
export function isWellFormedSecret(value: string, prefix: SecretPrefix): boolean {
  if (value.length !== prefix.length + bodyLength + checksumLength) return false;
  if (!value.startsWith(prefix) || /[^0-9A-Za-z]/.test(value.slice(prefix.length))) return false;
  const body = value.slice(0, -checksumLength);
  return value.slice(-checksumLength) === checksum(body);
}

// A few characters fewer than a token has: one that is cut is nobody else's either. Capitals, since some clients fold them.
const anyToken = /pst_[0-9a-z]{40}/i;

/**
 * True when a Postern token stands anywhere in the text, quoted or behind whatever scheme. For text that is
 * forwarded to others.
 */
export function containsToken(text: string): boolean {
  return anyToken.test(text);
}

/** SHA-256 of a secret: the only form in which it is stored. */
export function hashSecret(secret: string): Buffer {
  return hash('sha256', secret, 'buffer');
}

/** Compares two hashes in constant time. */
export function isSameHash(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && timingSafeEqual(a, b);
}

/** Creates a public id with 96 random bits. Not secret. */
export function createId(prefix: string, random: (size: number) => Buffer = randomBytes): string {
  return prefix + base62(BigInt(`0x${random(12).toString('hex')}`), 17);
}

/**
 * Upper bound on the entropy of a key in bits, by its length and the smallest common alphabet that
 * contains its characters. Zero for fewer than 8 distinct characters.
 */
export function lengthEntropy(key: string): number {
  const size = [
    { pattern: /^[0-9]*$/, size: 10 },
    { pattern: /^(?:[0-9a-f]*|[0-9A-F]*)$/, size: 16 },
    { pattern: /^(?:[0-9a-z]*|[0-9A-Z]*)$/, size: 36 },
    { pattern: /^[0-9A-Za-z]*$/, size: 62 },
    { pattern: /^[0-9A-Za-z_+/=-]*$/, size: 64 },
  ].find(({ pattern }) => pattern.test(key))?.size;
  if (new Set(key).size < 8) return 0;
  return Math.floor(key.length * Math.log2(size ?? 95));
}

function checksum(body: string): string {
  return base62(BigInt(crc32(body)), checksumLength);
}

function base62(number: bigint, length: number): string {
  let rest = number;
  let digits = '';
  while (digits.length < length) {
    digits = alphabet[Number(rest % 62n)] + digits;
    rest /= 62n;
  }
  return digits;
}
