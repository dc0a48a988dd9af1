import {
  closeSync,
  constants,
  fchmodSync,
  ftruncateSync,
  lstatSync,
  mkdirSync,
  openSync,
  writeFileSync,
} from 'node:fs';
import { dirname, join } from 'node:path';
import { OperatorError } from '../../lib/operator-error.ts';
import { FileRefused, readRegularFile } from '../../lib/regular-file.ts';
import { isUnchanged } from './checksum.ts';
import type { ConfigBundle } from './render.ts';

/** What became of a rendered file in a directory. */
export interface FileState {
  readonly path: string;
  /**
   * `outdated` was rendered for other options, or by another version, and nobody changed it;
   * `changed` holds something that somebody wrote.
   */
  readonly state: 'same' | 'missing' | 'outdated' | 'changed';
  /** Undefined where it is missing. */
  readonly found: string | undefined;
  readonly rendered: string;
}

/** Compares the files with those of a directory. Throws OperatorError when one cannot be read. */
export function compareBundle(directory: string, bundle: ConfigBundle): FileState[] {
  return [...bundle].map(([path, rendered]) => {
    const found = readIfThere(directory, path);
    if (found === undefined) return { path, state: 'missing', found, rendered };
    if (found === rendered) return { path, state: 'same', found, rendered };
    return { path, state: isUnchanged(found) ? 'outdated' : 'changed', found, rendered };
  });
}

/**
 * Writes the files into a directory, whatever is there, for everybody to read. Throws OperatorError when it cannot,
 * and where a link stands: who may write here may not choose what root writes elsewhere.
 */
export function writeBundle(directory: string, bundle: ConfigBundle): void {
  for (const [path, text] of bundle) {
    const file = join(directory, path);
    refuseLinks(directory, path);
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeText(file, text);
    } catch (error) {
      throw new OperatorError(`cannot write ${file}: ${codeOf(error)}`);
    }
  }
}

/** nginx reads its files as root, and people as themselves, whatever the umask of whoever renders them. */
const mode = 0o644;

function writeText(file: string, text: string): void {
  const { O_WRONLY, O_CREAT, O_NOFOLLOW, O_NONBLOCK } = constants;
  const fd = openSync(file, O_WRONLY | O_CREAT | O_NOFOLLOW | O_NONBLOCK, mode);
  try {
    ftruncateSync(fd);
    writeFileSync(fd, text);
    fchmodSync(fd, mode);
  } finally {
    closeSync(fd);
  }
}

/** Throws OperatorError where a file, or a directory on the way to it, is a symbolic link. */
function refuseLinks(directory: string, path: string): void {
  const parts = path.split('/');
  for (const [index] of parts.entries()) {
    const place = join(directory, ...parts.slice(0, index + 1));
    if (!isLink(place)) continue;
    throw new OperatorError(
      `${place} is a symbolic link, which is not followed: remove it, or name the directory that it leads to`,
    );
  }
}

/** What is not there, or below a file, is none; whoever writes there says so. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** No rendered file is nearly as long. */
const longest = 4 * 1024 * 1024;

function readIfThere(directory: string, path: string): string | undefined {
  const file = join(directory, path);
  refuseLinks(directory, path);
  try {
    return readRegularFile(file, longest);
  } catch (error) {
    if (error instanceof FileRefused) throw new OperatorError(`${file} ${error.message}`);
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new OperatorError(`cannot read ${file}: ${code}`);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
