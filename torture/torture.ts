import { createRandom, type Random } from '../testkit/random.ts';
import { createLedger, type Ledger } from './ledger.ts';
import { startLoad } from './load.ts';
import { createVictim, type Victim } from './service.ts';
import { verify } from './verify.ts';

/** Results. */
export interface Outcome {
  readonly kills: number;
  readonly counts: Ledger['counts'];
  /** Violations. Empty when all promises were kept. */
  readonly violations: readonly string[];
  readonly seconds: number;
}

/** Milliseconds of load before a kill. */
const life = { least: 5, most: 120 } as const;

/** Percentage of starts that are killed before they are ready, and within how many milliseconds. */
const early = { percent: 10, withinMs: 400 } as const;

/** Number of unchanged entries that are checked after each start. */
const others = 20;

/** More violations add no information. */
const maxViolations = 50;

/**
 * Kills a service repeatedly while it issues, revokes and redeems. After each start it checks that
 * nothing acknowledged is lost, and that no ticket passes twice. With several workers, one is
 * killed first while the others continue, and then all of them.
 */
export async function torture(options: {
  readonly directory: string;
  readonly kills: number;
  readonly seed: number;
  readonly workers: number;
  /** The program; by default the source. */
  readonly program?: string;
  /** Called with the progress. */
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
    killed >= kills || ledger.violations.length >= maxViolations || signal?.aborted === true;
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

/** One cycle from start to kill; returns the number of kills. */
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
