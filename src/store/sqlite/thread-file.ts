import { join } from 'node:path';

/** Where a thread's own file is: the source is TypeScript, what is built of it is not. */
export function threadFile(name: string): string {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js';
  return join(import.meta.dirname, `${name}${extension}`);
}
