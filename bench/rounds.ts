import { type Measurement, measurePart, type Surroundings } from './measure.ts';
import type { Part } from './parts.ts';

/**
 * A part that was measured several times: its fastest round. Whatever disturbs a round, on this
 * machine or on the host of a virtual one, makes it slower and never faster.
 */
export interface Series extends Measurement {
  /** All rounds, in order. */
  readonly rounds: readonly Round[];
}

/** What tells one round of a part from another. */
export type Round = Pick<Measurement, 'requestsPerSecond' | 'otherCpuShare'>;

/** There are no further rounds once every part had that many quiet ones. */
export const enoughQuietRounds = 2;

/** Whether other programs left the machine to the bench, all but a trifle. */
export function isQuiet({ otherCpuShare }: { readonly otherCpuShare: number }): boolean {
  return otherCpuShare <= 0.03;
}

/**
 * Measures the parts one after the other, round by round, so that a while in which the machine is
 * slow is not to the disadvantage of one of them, and all parts equally often.
 */
export async function measureInRounds(
  parts: readonly Part[],
  options: Surroundings & { readonly rounds: number; readonly announce: (line: string) => void },
): Promise<Series[]> {
  const { rounds, announce } = options;
  const measured = parts.map((part) => ({ part, measurements: [] as Measurement[] }));
  for (let round = 1; round <= rounds; round++) {
    for (const { part, measurements } of measured) {
      const measurement = await measurePart(part, options);
      measurements.push(measurement);
      announce(`round ${round}, ${part.name}: ${describe(measurement)}`);
    }
    const quietRounds = measured.map(({ measurements }) => measurements.filter(isQuiet).length);
    if (quietRounds.every((count) => count >= enoughQuietRounds)) break;
  }
  return measured.map(({ measurements }) => toSeries(measurements));
}

function describe({ requestsPerSecond, otherCpuShare }: Measurement): string {
  return `${Math.round(requestsPerSecond)} requests/s, other programs took ${Math.round(100 * otherCpuShare)} % of the processor time`;
}

function toSeries(measurements: readonly Measurement[]): Series {
  const [fastest] = measurements.toSorted((a, b) => b.requestsPerSecond - a.requestsPerSecond);
  if (fastest === undefined) throw new Error('nothing was measured');
  const rounds = measurements.map(({ requestsPerSecond, otherCpuShare }) => ({
    requestsPerSecond,
    otherCpuShare,
  }));
  return { ...fastest, rounds };
}
