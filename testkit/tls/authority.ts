import { execFileSync } from 'node:child_process';
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { needProgram } from '../../scripts/programs.ts';
import { temporaryDirectory } from '../directory.ts';
import type { Scope } from '../scope.ts';
import type { Certificate } from './certificate.ts';

/** What a certificate is to be like. Days count from now and may be negative. */
export interface Wanted {
  readonly host: string;
  readonly fromDay?: number;
  readonly toDay?: number;
  /** Signed by its own key instead of the authority. */
  readonly selfSigned?: boolean;
  /** Leaves the certificate of the issuer out of the file. */
  readonly withoutIssuer?: boolean;
}

/** An authority with a root, and an intermediate that signs. */
export interface Authority {
  /** The root's certificate, for those who are to trust it. */
  readonly root: string;
  issue(wanted: Wanted): Omit<Certificate, 'keyHash'>;
}

const day = 86_400_000;

/** Who signs: the intermediate. */
const signer = 'Example-CA';

/** Makes an authority whose files go with the test. */
export function createAuthority(t: Scope): Authority {
  const directory = temporaryDirectory(t);
  const at = (name: string) => join(directory, name);
  const openssl = (...args: string[]) =>
    execFileSync(needProgram('openssl'), args, { stdio: ['ignore', 'ignore', 'pipe'] });
  writeFileSync(at('index'), '');
  writeFileSync(
    at('ca.conf'),
    `[ca]
default_ca = own
[own]
database = ${at('index')}
new_certs_dir = ${directory}
rand_serial = yes
unique_subject = no
default_md = sha256
policy = any
[any]
commonName = supplied
`,
  );
  /** Signs a new key; `by` is the signer, or the same name for one that signs itself. */
  const sign = (name: string, by: string, extensions: string, from = -1, to = 30) => {
    const key = at(`${name}.key`);
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'];
    openssl('req', ...curve, '-keyout', key, '-out', at('csr'), '-subj', `/CN=${name}`);
    writeFileSync(at('ext'), extensions);
    const time = (days: number) =>
      `${new Date(Date.now() + days * day).toISOString().replace(/[-:T]|\..*/g, '')}Z`;
    openssl(
      ...['ca', '-batch', '-notext', '-config', at('ca.conf'), '-in', at('csr')],
      ...['-out', at(`${name}.pem`), '-extfile', at('ext')],
      ...['-startdate', time(from), '-enddate', time(to), '-keyfile', at(`${by}.key`)],
      ...(by === name ? ['-selfsign'] : ['-cert', at(`${by}.pem`)]),
    );
    return { certFile: at(`${name}.pem`), keyFile: key };
  };
  const authority = 'basicConstraints = critical, CA:true';
  const root = readFileSync(sign('root', 'root', authority).certFile, 'utf8');
  const { certFile: intermediate } = sign(signer, 'root', authority);
  return {
    root,
    issue({ host, fromDay, toDay, selfSigned = false, withoutIssuer = false }) {
      const by = selfSigned ? host : signer;
      const issued = sign(host, by, `subjectAltName = DNS:${host}`, fromDay, toDay);
      if (!selfSigned && !withoutIssuer)
        appendFileSync(issued.certFile, readFileSync(intermediate));
      return issued;
    },
  };
}
