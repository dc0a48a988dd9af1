import { join } from 'node:path';

/** The file of a worker thread: TypeScript in a checkout, JavaScript in a build. */
export function threadFile(name: string): string {
  const extension = import.meta.filename.endsWith('.ts') ? '.ts' : '.js';
  return join(import.meta.dirname, `${name}${extension}`);
}
