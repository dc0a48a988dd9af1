import { readdirSync, readlinkSync, realpathSync } from 'node:fs';
import { join, posix, resolve, sep } from 'node:path';
import { FileRefused, readRegularFile } from '../../../lib/regular-file.ts';
import { isPattern, matchesName } from './glob.ts';
import type { FileSet } from './load.ts';
import { NginxSyntaxError } from './source.ts';

/** Bytes; a larger file is no configuration. */
const maxBytes = 64 * 1024 * 1024;

/** Files that a pattern may match. */
const maxMatches = 20_000;

/** Symbolic links followed for one path, as in Linux. */
const maxLinks = 40;

/**
 * Reads files from disk. With `root`, absolute paths are resolved below it, as in a chroot, and
 * nothing outside is read: for a copy of another machine's files, or of a container's. `base` is
 * the directory of the main file.
 */
export function diskFiles(root = '', base = '.'): FileSet {
  const locate = (path: string) => {
    if (root === '') return path;
    if (posix.isAbsolute(path)) return resolveInRoot(root, path);
    if (!isWithin(path, base) && !isWithin(path, root)) {
      throw new NginxSyntaxError(`${path}: lies outside of --root ${root}, and is not read.`);
    }
    return path;
  };
  return {
    read: (path) => readText(locate(path), path),
    match: (pattern) => expand(pattern, locate),
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

/** Whether a file is below a directory, with all symbolic links resolved. */
function isWithin(file: string, directory: string): boolean {
  const [inner, outer] = [realPath(file), realPath(directory)];
  return inner.startsWith(outer.endsWith(sep) ? outer : `${outer}${sep}`);
}

function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return resolve(path);
  }
}

/**
 * Resolves a path as a process with root directory `root` would (chroot): `..` and links stay below
 * it.
 */
function resolveInRoot(root: string, path: string): string {
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

/** Expands a pattern segment by segment, so that only directories on matching paths are listed. */
function expand(pattern: string, find: (path: string) => string): string[] {
  const absolute = posix.isAbsolute(pattern);
  let found = [absolute ? '/' : ''];
  for (const part of pattern.split('/').filter((part) => part !== '')) {
    if (!isPattern(part)) {
      found = found.map((path) => posix.join(path, part));
      continue;
    }
    const matches: string[] = [];
    for (const path of found) {
      const names = listDirectory(find(path === '' ? '.' : path)).filter((name) =>
        matchesName(part, name),
      );
      for (const name of names) matches.push(posix.join(path, name));
      if (matches.length > maxMatches) {
        throw new NginxSyntaxError(`${pattern}: names more than ${maxMatches} files.`);
      }
    }
    found = matches;
  }
  return found.sort();
}

function listDirectory(directory: string): string[] {
  try {
    return readdirSync(directory);
  } catch {
    return [];
  }
}
