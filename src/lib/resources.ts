import { readFileSync } from 'node:fs';
import { findPackageJSON } from 'node:module';
import { dirname, join } from 'node:path';

const manifest = findPackageJSON(import.meta.url);
if (manifest === undefined)
  throw new Error('Postern runs outside of its package: no package.json above it');

/** The folder of the installed package, from `src/` and from the built `dist/`. */
export const packageRoot = dirname(manifest);

/** Folder of the numbered migrations of the SQLite store. */
export const sqliteMigrations = join(packageRoot, 'migrations', 'sqlite');

/** Folder of the files that nginx includes. */
export const nginxFiles = join(packageRoot, 'nginx');

/** The version of this package. */
export const version: string = (JSON.parse(readFileSync(manifest, 'utf8')) as { version: string })
  .version;
