import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Kit } from './render.ts';

/** Writes the files into a directory, whatever is there. */
export function writeKit(directory: string, kit: Kit): void {
  for (const [path, text] of kit) {
    const file = join(directory, path);
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  }
}
