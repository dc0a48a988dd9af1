import { createRandom, type Random } from '../testkit/random.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { startLoad } from './load.ts';
import { createVictim, type Victim } from './service.ts';
import { verify } from './verify.ts';

/** What came of it. */
export interface Outcome {
  readonly kills: number;
  readonly counts: Ledger['counts'];
  /** What must not have happened. Empty when all promises were kept. */
  readonly violations: readonly string[];
  readonly seconds: number;
}

/** Milliseconds of load before a kill. */
const life = { least: 5, most: 120 } as const;
/** How many starts out of a hundred are killed before they are ready, and within how many milliseconds. */
const early = { percent: 10, withinMs: 400 } as const;
/** Of those that did not change, so many are asked about after each start. */
const others = 20;
/** More of them say no more. */
const mostViolations = 50;

/**
 * Kills a service again and again while it issues, revokes and redeems, and finds out after each
 * start whether anything that it had acknowledged is lost, or a ticket passes twice. With several
 * workers one of them is killed first, while the others go on, and then all of them.
 */
export async function torture(options: {
  readonly directory: string;
  readonly kills: number;
  readonly seed: number;
  readonly workers: number;
  /** What is run: the source by default. */
  readonly program?: string;
  /** Is told how far it is. */
  readonly progress?: (kills: number) => void;
  readonly signal?: AbortSignal;
}): Promise<Outcome> {
  const { directory, kills, seed, workers, program, progress, signal } = options;
  const startedAt = performance.now();
  const random = createRandom(seed);
  const ledger = createLedger();
  const victim = createVictim(directory, { workers, program });
  let killed = 0;
  const isEnough = () =>
    killed >= kills || ledger.violations.length >= mostViolations || signal?.aborted === true;
  try {
    while (!isEnough()) {
      killed += await oneLife(victim, ledger, random, workers);
      progress?.(killed);
    }
    await victim.start();
    await verify(victim, ledger, ledger);
    ledger.settle();
    await victim.kill();
    const { code, stdout, stderr } = await victim.command('store', 'check');
    if (code !== 0) ledger.violations.push(`store check ended with ${code}: ${stdout}${stderr}`);
  } catch (error) {
    ledger.violations.push(`it does not work any more: ${(error as Error).message}`);
  } finally {
    await victim.kill();
  }
  const seconds = (performance.now() - startedAt) / 1_000;
  return { kills: killed, counts: ledger.counts, violations: ledger.violations, seconds };
}

/** From a start to a kill; how many kills it took. */
async function oneLife(
  victim: Victim,
  ledger: Ledger,
  random: Random,
  workers: number,
): Promise<number> {
  if (random.between(1, 100) <= early.percent) {
    await victim.startAndKill(random.between(0, early.withinMs));
    return 1;
  }
  await victim.start();
  await verify(victim, ledger, ledger.takeRecent(random, others));
  const load = startLoad(victim, ledger, random);
  const a = async () =>
    new Promise((resolve) => setTimeout(resolve, random.between(life.least, life.most)));
  await a();
  let kills = 1;
  if (
    workers > 1 &&
    victim.killWorker((pids) => (pids.length === 0 ? undefined : random.pick(pids)))
  ) {
    kills++;
    await a();
  }
  await victim.kill();
  await load.stop();
  return kills;
}
