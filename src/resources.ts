import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** The folder of the installed package: the same distance from `src/` and from `dist/`. */
export const packageRoot = join(import.meta.dirname, '..');

/** Where the numbered SQL files of the SQLite store are. */
export const sqliteMigrations = join(packageRoot, 'migrations', 'sqlite');

/** Where the files are that nginx includes. */
export const nginxFiles = join(packageRoot, 'nginx');

/** The version of this package. */
export const version: string = (
  JSON.parse(readFileSync(join(packageRoot, 'package.json'), 'utf8')) as { version: string }
).version;
