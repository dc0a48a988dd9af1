import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../../lib/operator-error.ts';

/** Names that nginx gives to kept answers: an MD5, below directories of its last digits. */
const answerName = /^(?:[0-9a-f]{32}|[0-9a-f]{32}\.\d+|[0-9a-f]{1,2})$/;

/**
 * Removes every kept answer below a directory of nginx and returns how many there were. nginx asks
 * anew for what it does not find. Whatever nginx has not put there stays. Throws OperatorError when
 * the directory cannot be read or changed.
 */
export function purgeAnswers(directory: string): number {
  let removed = 0;
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (!answerName.test(entry.name)) continue;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) removed += purgeAnswers(path);
      else if (entry.isFile() && entry.name.length >= 32) {
        rmSync(path, { force: true });
        removed++;
      }
    }
  } catch (error) {
    if (error instanceof OperatorError) throw error;
    const { code } = error as NodeJS.ErrnoException;
    throw new OperatorError(
      code === 'ENOENT'
        ? `there is no directory ${directory}; nginx makes it when it starts with the rendered files`
        : `cannot purge ${directory}: ${code ?? String(error)}`,
    );
  }
  return removed;
}
