/**
 * Tries what nobody can see in one program alone, but only where several meet: a real Postern, real
 * nginx of two versions, real backends. As long as one likes.
 *
 *   npm run seam                                    # a minute for each property
 *   npm run seam -- --paths --cases 100_000 --seed 7
 *   npm run seam -- --paths --seconds 600
 *   npm run seam -- --paths --replay 'TEXT'         # as printed of a case that broke it
 */

import { print, printStderr } from '../src/cli/toolkit/output.ts';
import { createRandom, seedFor } from '../testkit/random.ts';
import { type Options, readOptions } from './options.ts';
import { properties } from './properties.ts';
import type { Bench, Finding, Findings } from './property.ts';
import { renderFinding, renderOutcomes } from './report.ts';

/** Cases between two looks at the clock. */
const slice = 1_000;

const options = readCommandLine();
for (const name of options.properties) {
  const bench = await properties[name]?.open();
  if (bench === undefined) continue;
  try {
    await (options.replay === undefined ? run(name, bench) : replay(bench, options.replay));
  } catch (error) {
    printStderr(`seam: ${name}: ${(error as Error).message}`);
    process.exitCode = 1;
  } finally {
    await bench.close();
  }
}

async function run(name: string, bench: Bench): Promise<void> {
  const { cases: most = Number.POSITIVE_INFINITY, seconds, seed } = options;
  printStderr(`${name}: seed ${seed}`);
  await bench.check();
  const random = createRandom(seedFor(seed, name));
  const startedAt = performance.now();
  const deadline = seconds === undefined ? Number.POSITIVE_INFINITY : startedAt + seconds * 1_000;
  const outcomes = new Map<string, number>();
  const broken = new Map<string, Finding>();
  let cases = 0;
  const add = (found: Findings) => {
    for (const [outcome, count] of found.outcomes) {
      outcomes.set(outcome, (outcomes.get(outcome) ?? 0) + count);
    }
    for (const one of found.broken) {
      if (broken.has(one.key)) continue;
      broken.set(one.key, one);
      printStderr(`${name}: after ${cases} random cases: ${one.words}`);
    }
    return found.cases;
  };
  let tried = add(await bench.tryKnown());
  while (cases < most && performance.now() < deadline) {
    const found = await bench.run(random, Math.min(slice, most - cases));
    cases += found.cases;
    tried += add(found);
  }
  print(renderOutcomes(name, { cases: tried, outcomes, ms: performance.now() - startedAt }));
  for (const one of broken.values()) print(`\n${renderFinding(name, one)}`);
  print(`${name} ${broken.size === 0 ? 'held' : 'is BROKEN'}, seed ${seed}`);
  if (broken.size > 0) process.exitCode = 1;
}

async function replay(bench: Bench, text: string): Promise<void> {
  const { outcomes, broken } = await bench.replay(text);
  for (const outcome of outcomes.keys()) print(outcome);
  for (const { words } of broken) print(words);
  print(broken.length === 0 ? 'it holds' : 'it is BROKEN');
  if (broken.length > 0) process.exitCode = 1;
}

function readCommandLine(): Options {
  try {
    return readOptions(process.argv.slice(2), Object.keys(properties));
  } catch (error) {
    printStderr(`seam: ${(error as Error).message}`);
    process.exit(2);
  }
}
