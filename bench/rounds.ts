import { type BenchEnvironment, type Measurement, measurePart } from './measure.ts';
import type { Part } from './parts.ts';

/**
 * The fastest round of a part. A disturbance, on this machine or on its host, only makes a round
 * slower.
 */
export interface Series extends Measurement {
  /** All rounds, in order. */
  readonly rounds: readonly Round[];
}

/** The varying values of a round. */
export type Round = Pick<Measurement, 'requestsPerSecond' | 'otherCpuShare'>;

/** Measuring ends once every part has that many quiet rounds. */
export const enoughQuietRounds = 2;

/** Whether other programs used almost no processor time. */
export function isQuiet({ otherCpuShare }: { readonly otherCpuShare: number }): boolean {
  return otherCpuShare <= 0.03;
}

/**
 * Measures the parts round by round, so that a slow period of the machine affects all of them, and
 * all equally often.
 */
export async function measureInRounds(
  parts: readonly Part[],
  options: BenchEnvironment & {
    readonly rounds: number;
    readonly announce: (line: string) => void;
  },
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
