import { setImmediate as nextTurn } from 'node:timers/promises';
import { createRandom, type Random, seedFor } from '../testkit/random.ts';
import type { Coverage } from './coverage.ts';
import { checkGrowth } from './growth.ts';
import { mutate } from './mutate.ts';
import { type Target, tryInput } from './target.ts';

/** What a campaign of one target is told. */
export interface CampaignOptions {
  readonly name: string;
  readonly seed: number;
  /** Inputs to try; the campaign also ends at the deadline, in milliseconds of performance.now(). */
  readonly inputs: number;
  readonly deadline: number;
  /** Inputs that are kept from before. */
  readonly corpus: readonly string[];
  /** Undefined for a campaign that goes by outcomes alone. */
  readonly coverage?: Coverage;
  /** Called before each input, so that somebody else can tell which one hangs. */
  readonly begin?: (input: string) => void;
  /** Gives what nobody awaited and was rejected since the last time. */
  readonly takeStray?: () => unknown;
}

/** An input that broke something. */
export interface Failure {
  readonly input: string;
  readonly fault: unknown;
}

/** What a campaign came to. */
export interface CampaignResult {
  readonly inputs: number;
  readonly ms: number;
  /** How often each class of outcome was met. */
  readonly outcomes: ReadonlyMap<string, number>;
  /** Inputs that reached code, or had an outcome, that none before had. */
  readonly interesting: readonly string[];
  readonly failure: Failure | undefined;
}

/** Inputs between two looks at the coverage, to begin with; more when looking takes long. */
const smallestBatch = 256;
const largestBatch = 16_384;
/** Most inputs that mutations start from. */
const mostInPool = 1_000;
/** One input in so many is made to grow. */
const growthEvery = 3_000;

/** Tries inputs on a target until one breaks something, or it is enough. */
export async function runCampaign(
  target: Target,
  options: CampaignOptions,
): Promise<CampaignResult> {
  const { inputs: most, deadline, coverage, begin, takeStray } = options;
  const random = createRandom(seedFor(options.seed, options.name));
  const pool = [...target.seeds, ...options.corpus];
  const outcomes = new Map<string, number>();
  const interesting: string[] = [];
  const startedAt = performance.now();
  let tried = 0;
  let batchSize = smallestBatch;
  let searchedMs = 0;
  let growthDue = growthEvery;
  let failure: Failure | undefined;

  const remember = (input: string) => {
    interesting.push(input);
    if (pool.length < mostInPool) pool.push(input);
    else pool[random.below(pool.length)] = input;
  };
  /** Tries one, and takes note of what came of it. */
  const take = async (input: string, isCounted: boolean): Promise<void> => {
    begin?.(input);
    const result = await tryInput(target, input);
    if ('fault' in result) {
      failure ??= { input, fault: result.fault };
      return;
    }
    if (!isCounted) return;
    tried++;
    const times = outcomes.get(result.outcome) ?? 0;
    outcomes.set(result.outcome, times + 1);
    if (times === 0) remember(input);
  };
  const takeAll = async (batch: readonly string[], isCounted: boolean) => {
    for (const input of batch) {
      await take(input, isCounted);
      if (failure !== undefined) return;
    }
  };

  await takeAll([...pool], true);
  // What the first ones reach is where everything starts from.
  coverage?.takeNew();
  while (failure === undefined && tried < most && performance.now() < deadline) {
    const size = Math.min(batchSize, most - tried);
    const batch = Array.from({ length: size }, () => makeInput(target, pool, random));
    const before = performance.now();
    await takeAll(batch, true);
    failure ??= takeStray && (await findStray(target, batch, takeStray));
    if (failure !== undefined) break;
    const between = performance.now();
    const isWorthWhile = searchedMs < (between - startedAt) / 4;
    if (coverage !== undefined && coverage.takeNew() > 0 && isWorthWhile) {
      const found = await findReaching(batch, coverage, (part) => takeAll(part, false));
      if (found !== undefined) remember(found);
    }
    const lookMs = performance.now() - between;
    searchedMs += lookMs;
    // Looking is worth a tenth of the time, and a batch must not outlast the deadline by much.
    const isLookingLong = lookMs > (between - before) / 10 && between - before < 500;
    batchSize = isLookingLong ? Math.min(batchSize * 2, largestBatch) : batchSize;
    for (; growthDue <= tried && failure === undefined; growthDue += growthEvery) {
      const input = random.pick(batch);
      failure = await checkGrowth(target, input, random, begin);
    }
  }
  return { inputs: tried, ms: performance.now() - startedAt, outcomes, interesting, failure };
}

/**
 * Which input of a batch leaves a rejection behind that nobody awaits. Node tells of those only once
 * everything else has had its turn, so each is tried again and given time.
 */
async function findStray(
  target: Target,
  batch: readonly string[],
  takeStray: () => unknown,
): Promise<Failure | undefined> {
  await nextTurn();
  const first = takeStray();
  if (first === undefined) return undefined;
  for (const input of batch) {
    await tryInput(target, input);
    await nextTurn();
    const fault = takeStray();
    if (fault !== undefined) return { input, fault };
  }
  return { input: batch.at(-1) ?? '', fault: first };
}

function makeInput(target: Target, pool: readonly string[], random: Random): string {
  if (random.oneIn(4)) return target.generate(random);
  const base = random.oneIn(4) ? target.generate(random) : random.pick(pool);
  return mutate(base, random, target.words, pool);
}

/** Which input of a batch reached what was new, by halves. Undefined when it does not do so again. */
async function findReaching(
  batch: readonly string[],
  coverage: Coverage,
  run: (part: readonly string[]) => Promise<void>,
): Promise<string | undefined> {
  let suspects = batch;
  while (suspects.length > 1) {
    const half = suspects.slice(0, suspects.length >> 1);
    await run(half);
    suspects = coverage.meetsNew() ? half : suspects.slice(half.length);
  }
  await run(suspects);
  return coverage.meetsNew() ? suspects[0] : undefined;
}
