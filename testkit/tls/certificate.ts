import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { needProgram } from '../../scripts/programs.ts';
import { temporaryDirectory } from '../directory.ts';
import type { Scope } from '../scope.ts';

/** A certificate that nobody signed but itself, and its key. */
export interface Certificate {
  readonly certFile: string;
  readonly keyFile: string;
  /** What Chromium recognises it by: SHA-256 of the public key (SPKI) in base64. */
  readonly keyHash: string;
}

/** Makes a certificate for these host names and for 127.0.0.1. It goes with the test. */
export function createCertificate(t: Scope, hosts: readonly string[]): Certificate {
  const directory = temporaryDirectory(t);
  const certFile = join(directory, 'cert.pem');
  const keyFile = join(directory, 'key.pem');
  const names = [...hosts.map((host) => `DNS:${host}`), 'IP:127.0.0.1'];
  execFileSync(
    needProgram('openssl'),
    [
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-keyout', keyFile, '-out', certFile, '-days', '2', '-subj', '/CN=postern test'],
      ...['-addext', `subjectAltName=${names.join(',')}`],
    ],
    { stdio: ['ignore', 'ignore', 'pipe'] },
  );
  const { publicKey } = new X509Certificate(readFileSync(certFile));
  const spki = publicKey.export({ type: 'spki', format: 'der' });
  return { certFile, keyFile, keyHash: createHash('sha256').update(spki).digest('base64') };
}
