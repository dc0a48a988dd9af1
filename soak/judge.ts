import { median } from '../testkit/statistics.ts';

/** Measurements of a slice of the load. */
export interface Slice {
  readonly requests: number;
  readonly seconds: number;
  /** Latency quantiles in milliseconds. */
  readonly p50: number;
  readonly p99: number;
  /**
   * Resident memory of the service, and its anonymous part (mostly the heap), in MB (10^6 bytes).
   */
  readonly rssMb: number;
  readonly anonymousMb: number;
  readonly descriptors: number;
  readonly databaseMb: number;
  readonly walMb: number;
}

/** The values that must not grow, and their tolerance: a factor and an absolute amount. */
export const growthLimits = {
  rssMb: { times: 1.1, plus: 10 },
  anonymousMb: { times: 1.1, plus: 10 },
  p99: { times: 1.5, plus: 2 },
  descriptors: { times: 1, plus: 8 },
  walMb: { times: 1.25, plus: 8 },
} as const satisfies Partial<Record<keyof Slice, { times: number; plus: number }>>;

/** Comparison of one value. */
export interface Comparison {
  readonly what: keyof typeof growthLimits;
  /** Medians of the first half (without the warm-up) and of the second. */
  readonly first: number;
  readonly second: number;
  readonly most: number;
}

/** The result. `short`: too little load for a verdict. */
export interface Verdict {
  readonly verdict: 'flat' | 'grows' | 'short';
  readonly comparisons: readonly Comparison[];
}

/** Share of the slices that is warm-up: caches fill and code is compiled. */
const warmUp = 0.1;

/** With fewer requests everything is warm-up. */
const enoughRequests = 1_000_000;

/** Compares the second half of the run with the first. */
export function compareHalves(slices: readonly Slice[]): Verdict {
  const warm = slices.slice(Math.ceil(slices.length * warmUp));
  const half = warm.length >> 1;
  const names = Object.keys(growthLimits) as (keyof typeof growthLimits)[];
  const comparisons = names.map((what) => {
    const first = median(warm.slice(0, half).map((slice) => slice[what]));
    const second = median(warm.slice(-half).map((slice) => slice[what]));
    const { times, plus } = growthLimits[what];
    return { what, first, second, most: first * times + plus };
  });
  const requests = slices.reduce((sum, slice) => sum + slice.requests, 0);
  if (requests < enoughRequests || half < 2) return { verdict: 'short', comparisons };
  const grows = comparisons.some(({ second, most }) => second > most);
  return { verdict: grows ? 'grows' : 'flat', comparisons };
}
