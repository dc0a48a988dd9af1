import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { OperatorError } from '../../lib/operator-error.ts';

/** Names of nginx cache entries: an MD5, in directories named after its last digits. */
const cacheEntryName = /^(?:[0-9a-f]{32}|[0-9a-f]{32}\.\d+|[0-9a-f]{1,2})$/;

/**
 * Deletes all cached answers below a cache directory and returns their number. Other files stay.
 * Throws OperatorError when the directory cannot be read or changed.
 */
export function purgeCache(directory: string): number {
  let removed = 0;
  try {
    for (const entry of readdirSync(directory, { withFileTypes: true })) {
      if (!cacheEntryName.test(entry.name)) continue;
      const path = join(directory, entry.name);
      if (entry.isDirectory()) removed += purgeCache(path);
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
