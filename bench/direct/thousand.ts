import { join } from 'node:path';
import { fillStore } from '../store/fill.ts';
import { writeHeaderLines } from '../wrk.ts';

/** Tokens in use, few enough for the cache. */
const inUse = 1_000;

/** Creates a store of a thousand valid tokens, with the requests that present them. */
export async function fillThousand(options: {
  readonly directory: string;
  readonly signal: AbortSignal;
}): Promise<{ dataDir: string; cookies: readonly string[]; headerFile: string }> {
  const { directory, signal } = options;
  const dataDir = join(directory, 'data');
  // All but the first are valid.
  await fillStore(dataDir, 't', { count: inUse + 1, rareIn: 2 * inUse, signal });
  const cookies = Array.from({ length: inUse }, (_, i) => `postern_token=t${i + 1}`);
  const headerFile = writeHeaderLines(
    directory,
    cookies.map((cookie) => [['Cookie', cookie]]),
  );
  return { dataDir, cookies, headerFile };
}
