/** Reads package-lock.json, for the bill of materials and the licence check. */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';

/** A locked package. */
export interface LockedPackage {
  /** Its path, `node_modules/a/node_modules/b`. */
  readonly path: string;
  readonly name: string;
  readonly version: string;
  /** Hash of its archive, as subresource integrity (`sha512-…`). */
  readonly integrity: string;
  /** SPDX expression; undefined when the package has none. */
  readonly licence: string | undefined;
  /** `development` is never shipped; `optional` is installed on some platforms only. */
  readonly need: 'runtime' | 'optional' | 'development';
  readonly hasInstallScript: boolean;
  /** Paths of the packages that it depends on, if they are installed only there. */
  readonly uses: readonly string[];
}

interface Entry {
  readonly name?: string;
  readonly version?: string;
  readonly integrity?: string;
  readonly license?: string;
  readonly dev?: boolean;
  readonly devOptional?: boolean;
  readonly optional?: boolean;
  readonly hasInstallScript?: boolean;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
}

/** A parsed lock file. */
export interface LockFile {
  readonly name: string;
  readonly version: string;
  readonly licence: string | undefined;
  /** Paths of the root's own dependencies. */
  readonly uses: readonly string[];
  /** Sorted by path. */
  readonly packages: readonly LockedPackage[];
}

/** Reads package-lock.json. Throws unless it has lockfileVersion 3. */
export function readLockFile(directory: string): LockFile {
  const text = readFileSync(join(directory, 'package-lock.json'), 'utf8');
  const lock = JSON.parse(text) as { lockfileVersion: number; packages: Record<string, Entry> };
  const root = lock.packages[''];
  if (lock.lockfileVersion !== 3 || root?.name === undefined || root.version === undefined) {
    throw new Error('package-lock.json is not of version 3; run npm install with a current npm');
  }
  const places = new Set(Object.keys(lock.packages));
  const packages = Object.entries(lock.packages)
    .filter(([path]) => path !== '')
    .map(([path, entry]) => readPackage(path, entry, places))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const uses = usesOf('', root, places);
  return { name: root.name, version: root.version, licence: root.license, uses, packages };
}

function readPackage(path: string, entry: Entry, places: ReadonlySet<string>): LockedPackage {
  const { version, integrity } = entry;
  if (version === undefined || integrity === undefined) {
    throw new Error(`package-lock.json: ${path} has no version or no integrity`);
  }
  return {
    path,
    name: entry.name ?? path.slice(path.lastIndexOf('node_modules/') + 'node_modules/'.length),
    version,
    integrity,
    licence: entry.license,
    need: needOf(entry),
    hasInstallScript: entry.hasInstallScript ?? false,
    uses: usesOf(path, entry, places),
  };
}

function needOf({ dev, optional, devOptional }: Entry): LockedPackage['need'] {
  if (dev) return 'development';
  return optional || devOptional ? 'optional' : 'runtime';
}

function usesOf(path: string, entry: Entry, places: ReadonlySet<string>): string[] {
  const { dependencies, devDependencies, optionalDependencies, peerDependencies } = entry;
  const names = Object.keys({
    ...dependencies,
    ...devDependencies,
    ...optionalDependencies,
    ...peerDependencies,
  });
  return [...new Set(names.flatMap((name) => placeOf(name, path, places) ?? []))].sort();
}

/** Resolves a package as Node.js does: from its own node_modules upwards. */
function placeOf(name: string, from: string, places: ReadonlySet<string>): string | undefined {
  for (let base = from; ; base = base.slice(0, Math.max(base.lastIndexOf('/node_modules/'), 0))) {
    const place = base === '' ? `node_modules/${name}` : `${base}/node_modules/${name}`;
    if (places.has(place)) return place;
    if (base === '') return undefined;
  }
}

/**
 * The licence in an installed package's package.json; undefined when it has none, or is not
 * installed (for another platform).
 */
export function readInstalledLicence(directory: string, path: string): string | undefined {
  const file = join(directory, path, 'package.json');
  if (!existsSync(file)) return undefined;
  const { license } = JSON.parse(readFileSync(file, 'utf8')) as { license?: unknown };
  return typeof license === 'string' ? license : undefined;
}
