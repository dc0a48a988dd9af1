import type { Random } from '../testkit/random.ts';
import { Broken, type Target } from './target.ts';

/** Milliseconds below which it does not matter how time grows. */
const floorMs = 25;
/** Of a text twice as long: linear takes twice as long, quadratic four times. */
const steep = 3;

/** An input that had grown, and what is wrong with it. */
export interface GrownFault {
  readonly input: string;
  readonly fault: unknown;
}

/**
 * Makes an input grow by repeating a part of it, and measures how the time for it grows: twice the
 * length must not take far more than twice the time, again and again.
 */
export async function checkGrowth(
  target: Target,
  input: string,
  random: Random,
  begin: (input: string) => void = () => {},
): Promise<GrownFault | undefined> {
  const at = random.below(input.length + 1);
  const piece = random.oneIn(3)
    ? random.pick(target.words)
    : input.slice(at, at + 1 + random.below(6));
  if (piece === '') return undefined;
  const grow = (size: number) =>
    input.slice(0, at) + piece.repeat(Math.ceil(size / piece.length)) + input.slice(at);
  const { longest } = target;
  const sizes = [longest / 4, longest / 2, longest];
  let times: number[] = [];
  for (let check = 0; check < 3; check++) {
    times = [];
    // The longest first: most are done with that in no time.
    for (const size of sizes.toReversed()) {
      const grown = grow(size);
      const run = () => {
        begin(grown);
        return target.run(grown);
      };
      const timed = await best(run, check === 0 ? 1 : 3);
      if (typeof timed !== 'number') return { input: grown, ...timed };
      times.unshift(timed);
      if (times.length === 1 && timed < floorMs) return undefined;
    }
    const [quarter = 0, half = 0, whole = 0] = times;
    if (whole < steep * half || half < steep * quarter) return undefined;
  }
  const detail = `${JSON.stringify(piece)} again and again, ${sizes.join(', ')} characters of it, takes ${times.map((ms) => `${ms.toFixed(1)} ms`).join(', ')}`;
  return {
    input: grow(longest),
    fault: new Broken('time grows with the length of the input and not faster', detail),
  };
}

/** Milliseconds of processor time of the fastest of a few tries, or what went wrong. */
async function best(
  run: () => unknown,
  tries: number,
): Promise<number | { readonly fault: unknown }> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < tries; i++) {
    const start = process.threadCpuUsage();
    try {
      await run();
    } catch (fault) {
      return { fault };
    }
    // Processor time, so that it does not matter what else the machine does.
    const { user, system } = process.threadCpuUsage(start);
    least = Math.min(least, (user + system) / 1e3);
  }
  return least;
}
