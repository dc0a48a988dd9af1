import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';
import { readFileSync, statSync } from 'node:fs';
import type { IssuerKeys, KeyKind } from '../../core/model/issuer.ts';
import { maxJwksBytes, parseJwks } from '../../core/model/jwks.ts';
import { lengthEntropy } from '../../lib/secret.ts';
import type { ReportFault } from '../report-fault.ts';
import type { RawIssuer } from './issuer-schema.ts';

/** An issuer's keys and their kind, which decides about algorithms. */
export interface FoundKeys {
  readonly keys: IssuerKeys;
  readonly kind: KeyKind;
}

type Reader = (raw: Partial<RawIssuer>, report: ReportFault) => FoundKeys | undefined;

/** The readers of keys, by setting. */
const readers: Readonly<Record<string, Reader>> = {
  jwks_url: ({ jwks_url = '', allow_http }, report) => readUrl(jwks_url, allow_http, report),
  jwks_file: ({ jwks_file = '' }, report) => readJwksFile(jwks_file, report),
  public_key: ({ public_key = '' }, report) =>
    readPublicKey(public_key, (message) => report('public_key', message)),
  public_key_file: ({ public_key_file = '' }, report) =>
    withFile('public_key_file', public_key_file, report, (bytes, fault) =>
      readPublicKey(bytes.toString('utf8'), fault),
    ),
  secret: ({ secret = '', algorithms }, report) =>
    readSecret(Buffer.from(secret), algorithms, (message) => report('secret', message)),
  secret_file: ({ secret_file = '', algorithms }, report) =>
    withFile('secret_file', secret_file, report, (bytes, fault) =>
      readSecret(bytes, algorithms, fault),
    ),
};

/** Reads an issuer's keys from the one setting that names their source. Faults go to `report`. */
export function readIssuerKeys(
  raw: Partial<RawIssuer>,
  report: ReportFault,
): FoundKeys | undefined {
  const given = Object.keys(readers).filter((name) => Object.hasOwn(raw, name));
  const [name = '', second] = given;
  if (second !== undefined) {
    report(second, `${name} is set too; an issuer has one source of keys`);
    return undefined;
  }
  if (raw.allow_http === true && name !== 'jwks_url') {
    report('allow_http', 'applies to jwks_url, which is not set');
  }
  const read = readers[name];
  if (read === undefined) {
    report('jwks_url', `is required, or one of ${Object.keys(readers).slice(1).join(', ')}`);
    return undefined;
  }
  // Schema validation reports other types.
  return typeof raw[name as keyof RawIssuer] === 'string' ? read(raw, report) : undefined;
}

type Fault = (message: string) => void;

function readUrl(url: string, allowHttp: unknown, report: ReportFault): FoundKeys | undefined {
  const fault = (message: string) => void report('jwks_url', message);
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  if (parsed === undefined || !['https:', 'http:'].includes(parsed.protocol)) {
    fault('is not an https URL');
    return undefined;
  }
  if (parsed.username !== '' || parsed.password !== '') {
    fault('must not contain a user name or a password');
  }
  if (parsed.protocol === 'http:' && allowHttp !== true) {
    fault('must be https; for an issuer on a private network set allow_http: true');
  }
  return { keys: { kind: 'jwks_url', url }, kind: 'a JWKS' };
}

function readJwksFile(path: string, report: ReportFault): FoundKeys | undefined {
  return withFile('jwks_file', path, report, (bytes, fault) => {
    const jwks = parseJwks(bytes.toString('utf8'));
    if (jwks === undefined) fault('is not a JWKS: a JSON object with a list "keys"');
    else if (jwks.keys.length === 0) fault('is a JWKS without keys');
    return { keys: { kind: 'jwks_file', path }, kind: 'a JWKS' };
  });
}

/** Reads a file and passes on its bytes, without the final line break that editors add. */
function withFile(
  setting: string,
  path: string,
  report: ReportFault,
  use: (bytes: Buffer, fault: Fault) => FoundKeys | undefined,
): FoundKeys | undefined {
  const fault = (message: string) => report(setting, message);
  try {
    const { size } = statSync(path);
    if (size > maxJwksBytes) {
      fault(`${path} has ${size} bytes; the maximum is ${maxJwksBytes}`);
      return undefined;
    }
    const bytes = readFileSync(path);
    const end = bytes.toString('latin1').replace(/\r?\n$/, '').length;
    return use(bytes.subarray(0, end), fault);
  } catch (error) {
    fault(`cannot read ${path}: ${(error as NodeJS.ErrnoException).code ?? 'unreadable'}`);
    return undefined;
  }
}

const curves: Readonly<Record<string, KeyKind>> = {
  prime256v1: 'an EC P-256 key',
  secp384r1: 'an EC P-384 key',
  secp521r1: 'an EC P-521 key',
};

function readPublicKey(pem: string, fault: Fault): FoundKeys | undefined {
  // Node would accept a private key and derive the public one.
  if (/-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(pem)) {
    fault('is a private key; remove it and use the public key instead');
    return undefined;
  }
  let key: KeyObject;
  try {
    key = createPublicKey(pem);
  } catch {
    fault('is not a public key in PEM (-----BEGIN PUBLIC KEY-----)');
    return undefined;
  }
  const kind = kindOf(key);
  if (kind === undefined) {
    fault(
      'supported are RSA keys of 2048 bits and more, EC keys on P-256, P-384 and P-521, and Ed25519 keys',
    );
    return undefined;
  }
  return { keys: { kind: 'public_key', key }, kind };
}

function kindOf({ asymmetricKeyType, asymmetricKeyDetails }: KeyObject): KeyKind | undefined {
  if (asymmetricKeyType === 'ed25519') return 'an Ed25519 key';
  if (asymmetricKeyType === 'ec') return curves[asymmetricKeyDetails?.namedCurve ?? ''];
  const bits = asymmetricKeyDetails?.modulusLength ?? 0;
  return asymmetricKeyType === 'rsa' && bits >= 2_048 ? 'an RSA key' : undefined;
}

/** Fewest bits of entropy of a secret: out of reach of guessing. */
const minEntropyBits = 128;

/** RFC 7518, section 3.2: a secret has at least as many bits as the hash. */
function readSecret(bytes: Buffer, algorithms: unknown, fault: Fault): FoundKeys | undefined {
  const text = bytes.toString('latin1');
  if (text.includes('-----BEGIN')) {
    fault('is a PEM key, not a secret; set public_key instead');
    return undefined;
  }
  const hashes = (Array.isArray(algorithms) ? algorithms : []).map((name) =>
    Number(String(name).slice(2)),
  );
  const needed = Math.max(256, ...hashes.filter((bits) => bits <= 512));
  const bits = bytes.length * 8;
  const make = 'make one with: openssl rand -base64 64 | tr -d "\\n"';
  if (bits < needed) {
    fault(`the secret has ${bits} bits; HS${needed} needs ${needed}. If it is yours, ${make}`);
  } else if (lengthEntropy(text) < minEntropyBits) {
    fault(`the secret can be guessed. If it is yours, ${make}`);
  }
  return { keys: { kind: 'secret', key: createSecretKey(bytes) }, kind: 'a secret' };
}
