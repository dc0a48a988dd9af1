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

/** State of a rendered file in a directory. */
export interface FileState {
  readonly path: string;
  /**
   * `outdated`: unedited, but rendered for other options or by another version; `changed`: edited
   * by hand.
   */
  readonly state: 'same' | 'missing' | 'outdated' | 'changed';
  /** Undefined when it is missing. */
  readonly existing: string | undefined;
  readonly rendered: string;
}

/** Compares the bundle with a directory. Throws OperatorError when a file cannot be read. */
export function compareBundle(directory: string, bundle: ConfigBundle): FileState[] {
  return [...bundle].map(([path, rendered]) => {
    const existing = readExisting(directory, path);
    if (existing === undefined) return { path, state: 'missing', existing, rendered };
    if (existing === rendered) return { path, state: 'same', existing, rendered };
    return { path, state: isUnchanged(existing) ? 'outdated' : 'changed', existing, rendered };
  });
}

/**
 * Writes the bundle into a directory, over existing files, readable by all. Throws OperatorError on
 * failure, and on a symbolic link: a user who can write here must not choose where root writes.
 */
export function writeBundle(directory: string, bundle: ConfigBundle): void {
  for (const [path, text] of bundle) {
    const file = join(directory, path);
    refuseLinks(directory, path);
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFile(file, text);
    } catch (error) {
      throw new OperatorError(`cannot write ${file}: ${codeOf(error)}`);
    }
  }
}

/** Fixed mode, regardless of the umask: nginx reads the files as root, people as themselves. */
const mode = 0o644;

function writeFile(file: string, text: string): void {
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

/** A missing path is no link; the write reports other errors. */
function isLink(path: string): boolean {
  try {
    return lstatSync(path).isSymbolicLink();
  } catch {
    return false;
  }
}

/** Bytes; rendered files are much smaller. */
const maxFileSize = 4 * 1024 * 1024;

function readExisting(directory: string, path: string): string | undefined {
  const file = join(directory, path);
  refuseLinks(directory, path);
  try {
    return readRegularFile(file, maxFileSize);
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
