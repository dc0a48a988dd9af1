import { statSync } from 'node:fs';
import { join } from 'node:path';
import type { Figure } from '../store/figure.ts';
import { fillStore } from '../store/fill.ts';
import type { StorePart } from '../store-parts.ts';
import { writeHeaderLines } from '../wrk.ts';
import { askInTurn, startDirectService, withServers } from './ask.ts';

/** Tokens in the store that the large one is compared with. */
const few = 1_000;
/** How many of a large store come in turn where all are equally likely: too many to be kept. */
const drawn = 200_000;

/** What the decision about a token costs among very many, whole and by HTTP, against the same among few. */
export const growthPart: StorePart = {
  name: 'growth',
  async measure({ directory, tokens, announce, signal }) {
    const fill = async (count: number) => {
      const dataDir = join(directory, `growth-${count}`);
      const startedAt = performance.now();
      // All but the first are good.
      await fillStore(dataDir, 't', { count: count + 1, rareIn: count + 1, signal });
      const seconds = ((performance.now() - startedAt) / 1e3).toFixed(0);
      const megabytes = (statSync(join(dataDir, 'postern.db')).size / 1e6).toFixed(0);
      announce(
        `growth: ${count.toLocaleString('en')} tokens: ${megabytes} MB, made in ${seconds} s`,
      );
      return dataDir;
    };
    const dataDirs = { few: await fill(few), many: await fill(tokens) };
    const headersOf = (numbers: readonly number[]) =>
      writeHeaderLines(
        directory,
        numbers.map((number) => [['Cookie', `postern_token=t${number}`]]),
      );
    const inUse = headersOf(Array.from({ length: few }, (_, i) => i + 1));
    const anyOfAll = headersOf(drawNumbers(drawn, tokens));
    const start = (dataDir: string) => () =>
      startDirectService({ directory, dataDir, env: { POSTERN_LOG_LEVEL: 'warn' }, signal });
    const loads = await withServers(
      [start(dataDirs.few), start(dataDirs.many)],
      async (small, large) =>
        askInTurn(
          {
            few: { server: small, headerFile: inUse },
            some: { server: large, headerFile: inUse },
            any: { server: large, headerFile: anyOfAll },
          },
          signal,
        ),
    );
    const all = tokens.toLocaleString('en');
    const against = `among ${few.toLocaleString('en')}`;
    return (['some', 'any'] as const).flatMap((kind): Figure[] => {
      const which = `among ${all}, ${kind === 'some' ? `${few.toLocaleString('en')} of them` : 'all of them'} in use`;
      return [
        {
          part: 'growth',
          what: `processor time of a decision ${which}`,
          value: loads[kind].cpuMicroseconds,
          unit: 'µs',
          against,
          baseline: loads.few.cpuMicroseconds,
          goal: { of: 'ratio', atMost: 1.3 },
        },
        {
          part: 'growth',
          what: `decisions ${which}`,
          value: loads[kind].perSecond,
          unit: 'a second',
          against,
          baseline: loads.few.perSecond,
        },
      ];
    });
  },
};

/** Whole numbers from 1 to `most` in no order, the same in every run (https://prng.di.unimi.it/splitmix64.c). */
function drawNumbers(count: number, most: number): number[] {
  let state = 0n;
  const mask = (1n << 64n) - 1n;
  return Array.from({ length: count }, () => {
    state = (state + 0x9e37_79b9_7f4a_7c15n) & mask;
    let mixed = state;
    mixed = ((mixed ^ (mixed >> 30n)) * 0xbf58_476d_1ce4_e5b9n) & mask;
    mixed = ((mixed ^ (mixed >> 27n)) * 0x94d0_49bb_1331_11ebn) & mask;
    return Number((mixed ^ (mixed >> 31n)) % BigInt(most)) + 1;
  });
}
