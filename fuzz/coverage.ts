import { Session } from 'node:inspector';
import { pathToFileURL } from 'node:url';
import { packageRoot } from '../src/lib/resources.ts';

/** Which characters of our source have been carried out. */
export interface Coverage {
  /** How many characters were carried out since the last time that never had been before. */
  takeNew(): number;
  /** True when what is carried out since the last time meets what `takeNew` last found new. */
  meetsNew(): boolean;
}

interface Range {
  readonly startOffset: number;
  readonly endOffset: number;
  readonly count: number;
}

interface Script {
  readonly url: string;
  readonly functions: readonly { readonly ranges: readonly Range[] }[];
}

const ours = pathToFileURL(`${packageRoot}/src/`).href;

/**
 * Starts to watch this thread by V8's own coverage, block by block. Only what is loaded from then on
 * is seen as closely as that.
 */
export function startCoverage(): Coverage {
  const session = new Session();
  session.connect();
  session.post('Profiler.enable');
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true });
  const known = new Map<string, Uint8Array>();
  let fresh: { readonly url: string; readonly offset: number }[] = [];

  const take = (): Script[] => {
    let scripts: Script[] = [];
    session.post('Profiler.takePreciseCoverage', (error, taken) => {
      if (error !== null) throw error;
      scripts = taken.result.filter(({ url }) => url.startsWith(ours));
    });
    return scripts;
  };
  return {
    takeNew() {
      fresh = [];
      let count = 0;
      for (const { url, functions } of take()) {
        const before = known.get(url);
        const reached = carriedOut(functions);
        const seen = new Uint8Array(Math.max(reached.length, before?.length ?? 0));
        if (before !== undefined) seen.set(before);
        let isInRun = false;
        for (let offset = 0; offset < reached.length; offset++) {
          const isNew = reached[offset] === 1 && seen[offset] === 0;
          if (isNew) {
            seen[offset] = 1;
            count++;
            if (!isInRun) fresh.push({ url, offset });
          }
          isInRun = isNew;
        }
        known.set(url, seen);
      }
      return count;
    },
    meetsNew() {
      const reached = new Map(take().map(({ url, functions }) => [url, carriedOut(functions)]));
      return fresh.some(({ url, offset }) => reached.get(url)?.[offset] === 1);
    },
  };
}

/** One for each character that was carried out. Functions and ranges come from the outside in. */
function carriedOut(functions: Script['functions']): Uint8Array {
  const ends = functions.map(({ ranges }) => ranges[0]?.endOffset ?? 0);
  const reached = new Uint8Array(Math.max(0, ...ends));
  for (const { ranges } of functions) {
    for (const { startOffset, endOffset, count } of ranges) {
      reached.fill(count > 0 ? 1 : 0, startOffset, endOffset);
    }
  }
  return reached;
}
