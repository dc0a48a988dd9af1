import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join, posix } from 'node:path';
import { isPattern, patternToRegExp } from './glob.ts';
import type { FileSet } from './load.ts';
import { NginxSyntaxError } from './source.ts';

/** More than that is a log or a disk image and no configuration. */
const maxBytes = 64 * 1024 * 1024;

/**
 * The files of this machine. Absolute names are looked up below `root`, which helps with a copy of
 * another machine's files, or a container's.
 */
export function diskFiles(root = ''): FileSet {
  const real = (path: string) => (root !== '' && posix.isAbsolute(path) ? join(root, path) : path);
  return {
    read: (path) => readText(real(path), path),
    match: (pattern) => expand(pattern, real),
  };
}

function readText(file: string, name: string): string | undefined {
  try {
    const { size } = statSync(file);
    if (size > maxBytes) throw new NginxSyntaxError(`${name}: is larger than 64 MiB.`);
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (error instanceof NginxSyntaxError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new NginxSyntaxError(`${name}: cannot be read (${code}).`);
  }
}

/** Goes down the pattern part by part, so that only directories that can matter are listed. */
function expand(pattern: string, real: (path: string) => string): string[] {
  const absolute = posix.isAbsolute(pattern);
  let found = [absolute ? '/' : ''];
  for (const part of pattern.split('/').filter((part) => part !== '')) {
    if (!isPattern(part)) {
      found = found.map((path) => posix.join(path, part));
      continue;
    }
    const fits = patternToRegExp(part);
    found = found.flatMap((path) =>
      list(real(path === '' ? '.' : path))
        .filter((name) => fits.test(name))
        .map((name) => posix.join(path, name)),
    );
  }
  return found.sort();
}

function list(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
