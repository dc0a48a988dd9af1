import { realpathSync, statSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { parsePublicRoute } from '../core/gate/public-route.ts';
import { parseNetworks } from '../lib/network.ts';
import type { RawGate } from './gates/gate-schema.ts';
import { type ListenAddress, parseListenAddress, renderListenAddress } from './listen-address.ts';
import { asMap, asText, asTexts } from './raw-values.ts';
import type { YamlFile } from './yaml-file.ts';

/** The code of a warning. Codes appear in the log and in docs/gates.md, and are never renamed. */
export type WarningCode =
  | 'trusts_everybody'
  | 'trusts_every_proxy'
  | 'public_everything'
  | 'wide_name'
  | 'world_readable';

/** A valid setting that is rarely intended. */
export interface Warning {
  readonly code: WarningCode;
  /** `postern.yaml:3:5`, the name of an environment variable, or the setting itself. */
  readonly where: string;
  /** The setting's path, such as `gates.chat.public`. */
  readonly path: string;
  readonly message: string;
}

type Warn = (code: WarningCode, path: string, message: string) => void;

/** Finds valid settings that are rarely intended, and unsafe permissions of the files they name. */
export function findWarnings(
  raw: Record<string, unknown>,
  where: (path: readonly string[]) => string,
  document?: YamlFile,
): Warning[] {
  const warnings: Warning[] = [];
  const warn: Warn = (code, path, message) => {
    warnings.push({ code, where: where(path.split('.')), path, message });
  };
  checkProxies(asMap(raw.gate), warn);
  const shared = asMap(raw.default_gate);
  checkRules(shared, shared, 'default_gate', warn);
  for (const [name, gate] of Object.entries(asMap(raw.gates))) {
    checkRules(asMap(gate), shared, `gates.${name}`, warn);
  }
  checkFiles(raw, document, warn);
  return warnings;
}

function checkProxies({ trusted_proxies, listen }: Record<string, unknown>, warn: Warn): void {
  const address = parseListenAddress(asText(listen) ?? '');
  if (address === undefined || isLocal(address)) return;
  for (const word of (asTexts(trusted_proxies) ?? []).filter(isMostOfTheInternet)) {
    warn(
      'trusts_every_proxy',
      'gate.trusted_proxies',
      `${word}: any client that reaches ${renderListenAddress(address)} may claim any host, path and client address; list only the addresses of your nginx`,
    );
  }
}

/** Loopback, private networks and Unix sockets are not reachable from the internet. */
function isLocal(address: ListenAddress): boolean {
  if (address.kind === 'unix' || address.host === 'localhost') return true;
  const local = parseNetworks(['loopback', 'private']);
  return !('invalid' in local) && local.includes(address.host);
}

/** Shorter prefixes are wider than any network of one organisation. */
const minPrefixLength = { ipv4: 8, ipv6: 7 } as const;

function isMostOfTheInternet(word: string): boolean {
  const [address = '', length] = word.split('/');
  if (length === undefined) return false;
  const { ipv4, ipv6 } = minPrefixLength;
  return Number(length) < (address.includes(':') ? ipv6 : ipv4);
}

/** `own` are the gate's own settings. Warnings about inherited ones are given for `default_gate`. */
function checkRules(own: RawGate, shared: RawGate, path: string, warn: Warn): void {
  const trusted = asTexts(asMap(own.networks).trust);
  for (const word of (trusted ?? []).filter(isMostOfTheInternet)) {
    warn(
      'trusts_everybody',
      `${path}.networks.trust`,
      `${word} admits nearly everybody without a credential`,
    );
  }
  for (const word of asTexts(own.public) ?? []) {
    const place = parsePublicRoute(word);
    if ('invalid' in place || !place.path.includesSubpaths || place.path.segments.length > 0)
      continue;
    const methods = place.methods.join(', ');
    warn(
      'public_everything',
      `${path}.public`,
      `"${word}": no path needs a credential (${methods})`,
    );
  }
  for (const word of asTexts(own.origins) ?? []) {
    const label = wideLabel(word.replace(/^[a-z]+:\/\//i, ''));
    if (label === undefined) continue;
    warn('wide_name', `${path}.origins`, `"${word}" allows all pages below .${label}`);
  }
  const isTrusting = (trusted ?? asTexts(asMap(shared.networks).trust) ?? []).length > 0;
  for (const word of isTrusting ? (asTexts(own.hosts) ?? []) : []) {
    const label = wideLabel(word);
    if (label === undefined) continue;
    const effect = `with networks.trust it admits all pages below .${label}`;
    warn('wide_name', `${path}.hosts`, `"${word}": ${effect}`);
  }
}

/** Private top-level domains (RFC 2606, RFC 6762, ICANN's `internal`, and common use). */
const privateDomains = new Set(['test', 'localhost', 'local', 'internal', 'lan', 'home']);

/** The label after `*.` if it is a public top-level domain, under which anybody can register a name. */
function wideLabel(text: string): string | undefined {
  const label = /^\*\.([^.:]+)\.?(?::\d+)?$/.exec(text)?.[1]?.toLowerCase();
  return label === undefined || privateDomains.has(label) ? undefined : label;
}

function checkFiles(
  raw: Record<string, unknown>,
  document: YamlFile | undefined,
  warn: Warn,
): void {
  const checkSecretFile = (path: string, file: unknown) => {
    if (typeof file !== 'string' || !isWorldReadable(file, 0o004)) return;
    warn(
      'world_readable',
      path,
      `every user of this machine can read ${file}; run: chmod 600 ${file}`,
    );
  };
  const directory = asText(raw.data_dir) ?? '';
  if (isWorldReadable(directory, 0o005)) {
    warn(
      'world_readable',
      'data_dir',
      `every user of this machine can list ${directory}; run: chmod 700 ${directory}`,
    );
  }
  checkSecretFile('admin.key_file', asMap(raw.admin).key_file);
  // Secrets in the configuration file itself.
  const written = document?.raw ?? {};
  if ('key' in asMap(written.admin)) checkSecretFile('admin.key', document?.file);
  for (const [name, issuer] of Object.entries(asMap(asMap(written.jwt).issuers))) {
    if ('secret' in asMap(issuer)) checkSecretFile(`jwt.issuers.${name}.secret`, document?.file);
  }
  const gates = Object.entries(asMap(raw.gates)).map(([name, gate]) => [`gates.${name}`, gate]);
  for (const [path, rules] of [['default_gate', raw.default_gate], ...gates]) {
    for (const [name, header] of Object.entries(asMap(asMap(rules).headers))) {
      checkSecretFile(`${path}.headers.${name}`, asMap(header).file);
    }
  }
  for (const [name, issuer] of Object.entries(asMap(asMap(raw.jwt).issuers))) {
    checkSecretFile(`jwt.issuers.${name}.secret_file`, asMap(issuer).secret_file);
  }
}

/** Whether others have one of these permissions, and can reach the file through all its directories. */
function isWorldReadable(file: string, rights: number): boolean {
  try {
    const path = realpathSync(resolve(file));
    if ((statSync(path).mode & rights) === 0) return false;
    for (let at = path; at !== dirname(at); at = dirname(at)) {
      if ((statSync(dirname(at)).mode & 0o001) === 0) return false;
    }
    return true;
  } catch {
    return false; // Missing or unreadable: reported where the file is used.
  }
}
