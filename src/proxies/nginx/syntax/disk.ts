import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { join, posix, resolve, sep } from 'node:path';
import { FileRefused, readRegularFile } from '../../../lib/regular-file.ts';
import { fitsPattern, isPattern } from './glob.ts';
import type { FileSet } from './load.ts';
import { NginxSyntaxError } from './source.ts';

/** More than that is a log or a disk image and no configuration. */
const maxBytes = 64 * 1024 * 1024;
/** More files than that are a mistake in a pattern. */
const maxFound = 20_000;
/** As many symbolic links as Linux follows for one name. */
const maxLinks = 40;

/**
 * The files of this machine. Absolute names are looked up below `root`, which helps with a copy of another machine's
 * files, or a container's; then nothing is read from anywhere else. `base` is the directory of the main file.
 */
export function diskFiles(root = '', base = '.'): FileSet {
  const find = (path: string) => {
    if (root === '') return path;
    if (posix.isAbsolute(path)) return findInRoot(root, path);
    if (!isWithin(path, base) && !isWithin(path, root)) {
      throw new NginxSyntaxError(`${path}: lies outside of --root ${root}, and is not read.`);
    }
    return path;
  };
  return {
    read: (path) => readText(find(path), path),
    match: (pattern) => expand(pattern, find),
    isOwn: (path) => root !== '' || isWithin(path, base),
  };
}

function readText(file: string, name: string): string | undefined {
  try {
    return readRegularFile(file, maxBytes);
  } catch (error) {
    if (error instanceof FileRefused) {
      throw new NginxSyntaxError(
        `${name}: ${error.message}. Give an nginx configuration; a pipe is read as - from standard input.`,
      );
    }
    const { code } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new NginxSyntaxError(`${name}: cannot be read (${code}).`);
  }
}

/** Whether a file lies below a directory when all symbolic links are followed. */
function isWithin(file: string, directory: string): boolean {
  const [inner, outer] = [follow(file), follow(directory)];
  return inner.startsWith(outer.endsWith(sep) ? outer : `${outer}${sep}`);
}

function follow(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/** Where a name leads for a process whose root directory is `root` (chroot): `..` and links stay below it. */
function findInRoot(root: string, path: string): string {
  const done: string[] = [];
  const rest = path.split('/').reverse();
  for (let links = 0; rest.length > 0; ) {
    const part = rest.pop() as string;
    if (part === '' || part === '.') continue;
    if (part === '..') {
      done.pop();
      continue;
    }
    const target = readLink(join(root, ...done, part));
    if (target === undefined || ++links > maxLinks) {
      done.push(part);
      continue;
    }
    if (posix.isAbsolute(target)) done.length = 0;
    rest.push(...target.split('/').reverse());
  }
  return join(root, ...done);
}

function readLink(path: string): string | undefined {
  try {
    return readlinkSync(path);
  } catch {
    return undefined;
  }
}

/** Goes down the pattern part by part, so that only directories that can matter are listed. */
function expand(pattern: string, find: (path: string) => string): string[] {
  const absolute = posix.isAbsolute(pattern);
  let found = [absolute ? '/' : ''];
  for (const part of pattern.split('/').filter((part) => part !== '')) {
    if (!isPattern(part)) {
      found = found.map((path) => posix.join(path, part));
      continue;
    }
    const deeper: string[] = [];
    for (const path of found) {
      const names = list(find(path === '' ? '.' : path)).filter((name) => fitsPattern(part, name));
      for (const name of names) deeper.push(posix.join(path, name));
      if (deeper.length > maxFound) {
        throw new NginxSyntaxError(`${pattern}: names more than ${maxFound} files.`);
      }
    }
    found = deeper;
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
