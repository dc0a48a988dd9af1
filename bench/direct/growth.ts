import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure } from '../store/figure.ts';
import { fillStore } from '../store/fill.ts';
import type { StorePart } from '../store-parts.ts';
import { writeHeaderLines } from '../wrk.ts';
import { askInTurn, startDirectService, withServers } from './ask.ts';

/** Tokens of the small store; all of them fit into the cache. */
const smallSize = 1_000;

/** Tokens of the medium store, too many for the cache. */
const mediumSize = 100_000;

/** Random requests over a large store. */
const requestCount = 200_000;

/** Cost of a decision with very many tokens in the store, over HTTP, compared with few. */
export const growthPart: StorePart = {
  name: 'growth',
  async measure({ directory, tokens, announce, signal }) {
    const fill = async (count: number) => {
      const dataDir = join(directory, `growth-${count}`);
      const startedAt = performance.now();
      // All but the first are valid.
      await fillStore(dataDir, 't', { count: count + 1, rareIn: count + 1, signal });
      const seconds = ((performance.now() - startedAt) / 1e3).toFixed(0);
      const megabytes = (statSync(join(dataDir, 'postern.db')).size / 1e6).toFixed(0);
      announce(
        `growth: ${count.toLocaleString('en')} tokens: ${megabytes} MB, made in ${seconds} s`,
      );
      return dataDir;
    };
    const dataDirs = [await fill(smallSize), await fill(mediumSize), await fill(tokens)];
    const headersOf = (numbers: readonly number[]) =>
      writeHeaderLines(
        directory,
        numbers.map((number) => [['Cookie', `postern_token=t${number}`]]),
      );
    const inUse = headersOf(Array.from({ length: smallSize }, (_, i) => i + 1));
    const anyOf = (count: number) => headersOf(drawNumbers(requestCount, count));
    const start = (dataDir: string) => () =>
      startDirectService({ directory, dataDir, env: { POSTERN_LOG_LEVEL: 'warn' }, signal });
    const loads = await withServers(dataDirs.map(start), async (small, medium, large) =>
      askInTurn(
        {
          few: { server: small, headerFile: inUse },
          some: { server: large, headerFile: inUse },
          anyOfMedium: { server: medium, headerFile: anyOf(mediumSize) },
          any: { server: large, headerFile: anyOf(tokens) },
        },
        signal,
      ),
    );
    const compare = (kind: 'some' | 'any', baseline: 'few' | 'anyOfMedium'): Figure[] => {
      const which = `among ${tokens.toLocaleString('en')}, ${kind === 'some' ? smallSize.toLocaleString('en') : 'all'} of them in use`;
      const common = {
        part: 'growth',
        against:
          baseline === 'few'
            ? `among ${smallSize.toLocaleString('en')}`
            : `among ${mediumSize.toLocaleString('en')}, all in use`,
      };
      return [
        {
          ...common,
          what: `processor time of a decision ${which}`,
          value: loads[kind].cpuMicroseconds,
          unit: 'µs',
          baseline: loads[baseline].cpuMicroseconds,
          ...(baseline === 'few' && { goal: { of: 'ratio', atMost: 1.3 } }),
        },
        {
          ...common,
          what: `decisions ${which}`,
          value: loads[kind].perSecond,
          unit: 'a second',
          baseline: loads[baseline].perSecond,
        },
      ];
    };
    return [...compare('some', 'few'), ...compare('any', 'few'), ...compare('any', 'anyOfMedium')];
  },
};

/**
 * Pseudo-random whole numbers from 1 to `max`, the same in every run
 * (https://prng.di.unimi.it/splitmix64.c).
 */
function drawNumbers(count: number, max: number): number[] {
  let state = 0n;
  const mask = (1n << 64n) - 1n;
  return Array.from({ length: count }, () => {
    state = (state + 0x9e37_79b9_7f4a_7c15n) & mask;
    let mixed = state;
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & mask;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn) & mask;
    return Number((mixed ^ (mixed >> 31n)) % BigInt(max)) + 1;
  });
}
