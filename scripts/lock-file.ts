/** Reads package-lock.json, for the checks of licences, hashes and install scripts. */
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
}

/** The packages of this repository itself: the root and its workspaces. */
const isOwn = (path: string) => !/(?:^|\/)node_modules\/(?!@postern-gate\/)/.test(path);

/**
 * The packages of package-lock.json, sorted by path. Throws unless it has lockfileVersion 3.
 */
export function readLockedPackages(directory: string): readonly LockedPackage[] {
  const text = readFileSync(join(directory, 'package-lock.json'), 'utf8');
  const lock = JSON.parse(text) as { lockfileVersion: number; packages: Record<string, Entry> };
  if (lock.lockfileVersion !== 3) {
    throw new Error('package-lock.json is not of version 3; run npm install with a current npm');
  }
  return Object.entries(lock.packages)
    .filter(([path]) => !isOwn(path))
    .map(([path, entry]) => readPackage(path, entry))
    .sort((a, b) => (a.path < b.path ? -1 : 1));
}

function readPackage(path: string, entry: Entry): LockedPackage {
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
  };
}

function needOf({ dev, optional, devOptional }: Entry): LockedPackage['need'] {
  if (dev) return 'development';
  return optional || devOptional ? 'optional' : 'runtime';
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
