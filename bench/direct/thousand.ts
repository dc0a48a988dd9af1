import { join } from 'node:path';
import { fillStore } from '../store/fill.ts';
import { writeHeaderLines } from '../wrk.ts';

/** Tokens that come in turn, few enough to be kept in memory. */
const inUse = 1_000;

/** Makes a store of a thousand tokens that are good, and what presents them. */
export async function fillThousand(options: {
  readonly directory: string;
  readonly signal: AbortSignal;
}): Promise<{ dataDir: string; cookies: readonly string[]; headerFile: string }> {
  const { directory, signal } = options;
  const dataDir = join(directory, 'data');
  // All but the first are good.
  await fillStore(dataDir, 't', { count: inUse + 1, rareIn: 2 * inUse, signal });
  const cookies = Array.from({ length: inUse }, (_, i) => `postern_token=t${i + 1}`);
  const headerFile = writeHeaderLines(
    directory,
    cookies.map((cookie) => [['Cookie', cookie]]),
  );
  return { dataDir, cookies, headerFile };
}
