import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { OperatorError } from '../core/operator-error.ts';
import type { Kit } from './render.ts';
import { isUnchanged } from './seal.ts';

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
export function compareKit(directory: string, kit: Kit): FileState[] {
  return [...kit].map(([path, rendered]) => {
    const found = readIfThere(join(directory, path));
    if (found === undefined) return { path, state: 'missing', found, rendered };
    if (found === rendered) return { path, state: 'same', found, rendered };
    return { path, state: isUnchanged(found) ? 'outdated' : 'changed', found, rendered };
  });
}

/** Writes the files into a directory, whatever is there. Throws OperatorError when it cannot. */
export function writeKit(directory: string, kit: Kit): void {
  for (const [path, text] of kit) {
    const file = join(directory, path);
    try {
      mkdirSync(dirname(file), { recursive: true });
      writeFileSync(file, text);
    } catch (error) {
      throw new OperatorError(`cannot write ${file}: ${codeOf(error)}`);
    }
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw new OperatorError(`cannot read ${file}: ${code}`);
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? String(error);
}
