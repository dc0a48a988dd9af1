/**
 * Renders a lock file as a CycloneDX 1.6 bill of materials (https://cyclonedx.org/docs/1.6/json/).
 */
import { createHash } from 'node:crypto';
import type { LockedPackage, LockFile } from './lock-file.ts';

/** CycloneDX scopes by need. */
const scopes = { runtime: 'required', optional: 'optional', development: 'excluded' } as const;

/** CycloneDX names of the hash algorithms of subresource integrity. */
const hashNames: Readonly<Record<string, string>> = {
  sha1: 'SHA-1',
  sha256: 'SHA-256',
  sha384: 'SHA-384',
  sha512: 'SHA-512',
};

/**
 * Renders the bill of materials. Reproducible: it has no timestamp, and its serial number is
 * derived from its content.
 */
export function renderBillOfMaterials(lock: LockFile): string {
  const root = packageUrl(lock);
  const places = new Map(lock.packages.map((one) => [one.path, packageUrl(one)]));
  const users = [{ ref: root, uses: lock.uses }].concat(
    lock.packages.map((one) => ({ ref: packageUrl(one), uses: one.uses })),
  );
  const body = {
    metadata: {
      component: {
        type: 'application',
        'bom-ref': root,
        name: lock.name,
        version: lock.version,
        ...renderLicence(lock.licence),
        purl: root,
      },
    },
    components: firstByUrl(lock.packages).map(renderComponent),
    dependencies: renderDependencies(users, places),
  };
  const bill = {
    $schema: 'http://cyclonedx.org/schema/bom-1.6.schema.json',
    bomFormat: 'CycloneDX',
    specVersion: '1.6',
    serialNumber: `urn:uuid:${uuidOf(JSON.stringify(body))}`,
    version: 1,
    ...body,
  };
  return `${JSON.stringify(bill, null, 2)}\n`;
}

/** Deduplicates packages that are installed at several paths; the strongest need counts. */
function firstByUrl(packages: readonly LockedPackage[]): LockedPackage[] {
  const needs = Object.keys(scopes);
  const byUrl = new Map<string, LockedPackage>();
  for (const one of packages) {
    const known = byUrl.get(packageUrl(one));
    if (known === undefined || needs.indexOf(one.need) < needs.indexOf(known.need)) {
      byUrl.set(packageUrl(one), one);
    }
  }
  return [...byUrl].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, one]) => one);
}

function renderComponent(one: LockedPackage): object {
  return {
    type: 'library',
    'bom-ref': packageUrl(one),
    ...splitName(one.name),
    version: one.version,
    scope: scopes[one.need],
    hashes: one.integrity.split(/\s+/).flatMap(renderHash),
    ...renderLicence(one.licence),
    purl: packageUrl(one),
  };
}

function splitName(name: string): { group?: string; name: string } {
  const [group, own] = name.split('/');
  return own === undefined ? { name } : { group: group ?? '', name: own };
}

function renderHash(integrity: string): object[] {
  const [algorithm = '', value = ''] = integrity.split('-');
  const alg = hashNames[algorithm];
  if (alg === undefined) return [];
  return [{ alg, content: Buffer.from(value, 'base64').toString('hex') }];
}

function renderLicence(licence: string | undefined): object {
  if (licence === undefined) return {};
  if (/\s/.test(licence)) return { licenses: [{ expression: licence }] };
  return { licenses: [{ license: { id: licence } }] };
}

function renderDependencies(
  users: readonly { ref: string; uses: readonly string[] }[],
  places: ReadonlyMap<string, string>,
): object[] {
  const used = new Map<string, Set<string>>();
  for (const { ref, uses } of users) {
    const refs = used.get(ref) ?? new Set();
    for (const place of uses) refs.add(places.get(place) ?? '');
    used.set(ref, refs);
  }
  return [...used]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([ref, refs]) => ({ ref, dependsOn: [...refs].sort() }));
}

/** https://github.com/package-url/purl-spec, type npm. */
function packageUrl({ name, version }: { name: string; version: string }): string {
  return `pkg:npm/${name.replace('@', '%40')}@${version}`;
}

/** A UUID of version 8 (RFC 9562), whose bits are those of a hash. */
function uuidOf(text: string): string {
  const bytes = createHash('sha256').update(text).digest().subarray(0, 16);
  bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x80;
  bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
  return bytes.toString('hex').replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5');
}
