import { createRandom, seedFor } from '../../fuzz/random.ts';
import { type Findings, openInherited } from './bench.ts';

/** Cases between two looks at the clock. */
const slice = 240;

/**
 * Tries random server blocks until there were enough, or the time is over (`performance.now()`). Tells of each
 * slice, and resolves with all that is broken.
 */
export async function run({
  seed,
  cases = Number.POSITIVE_INFINITY,
  deadline = Number.POSITIVE_INFINITY,
  report = () => {},
  program,
}: {
  readonly seed: number;
  readonly cases?: number;
  readonly deadline?: number;
  readonly report?: (findings: Findings) => void;
  readonly program?: string;
}): Promise<Findings['broken']> {
  const bench = await openInherited(program === undefined ? {} : { program });
  try {
    await bench.check();
    const random = createRandom(seedFor(seed, 'inherited'));
    const known = await bench.tryKnown();
    report(known);
    const broken = [...known.broken];
    for (let done = 0; done < cases && performance.now() < deadline; ) {
      const found = await bench.run(random, Math.min(slice, cases - done));
      done += found.cases;
      broken.push(...found.broken);
      report(found);
    }
    return broken;
  } finally {
    await bench.close();
  }
}
