import { median } from '../testkit/statistics.ts';

/** What was measured while a part of the load ran, or at its end. */
export interface Slice {
  readonly requests: number;
  readonly seconds: number;
  /** Milliseconds within which that share of the answers came. */
  readonly p50: number;
  readonly p99: number;
  /** Resident memory of the service, and what of it is no file: the heap, mostly. MB (10^6 bytes). */
  readonly rssMb: number;
  readonly anonymousMb: number;
  readonly descriptors: number;
  readonly databaseMb: number;
  readonly walMb: number;
}

/** What of a slice must not grow, and by how much it may: so many times, and so much. */
export const bounds = {
  rssMb: { times: 1.1, plus: 10 },
  anonymousMb: { times: 1.1, plus: 10 },
  p99: { times: 1.5, plus: 2 },
  descriptors: { times: 1, plus: 8 },
  walMb: { times: 1.25, plus: 8 },
} as const satisfies Partial<Record<keyof Slice, { times: number; plus: number }>>;

/** Whether something grew. */
export interface Comparison {
  readonly what: keyof typeof bounds;
  /** The median of the first half, without the warm-up, and of the second. */
  readonly first: number;
  readonly second: number;
  readonly most: number;
}

/** How a soak ended. `short` when there was not load enough to say. */
export interface Verdict {
  readonly verdict: 'flat' | 'grows' | 'short';
  readonly comparisons: readonly Comparison[];
}

/** Slices at the beginning in which caches fill and code is compiled, as a part of all. */
const warmUp = 0.1;

/** Fewer requests than that are warm-up and nothing else. */
const enoughRequests = 1_000_000;

/** Compares the second half of a soak with the first. */
export function judge(slices: readonly Slice[]): Verdict {
  const warm = slices.slice(Math.ceil(slices.length * warmUp));
  const half = warm.length >> 1;
  const names = Object.keys(bounds) as (keyof typeof bounds)[];
  const comparisons = names.map((what) => {
    const first = median(warm.slice(0, half).map((slice) => slice[what]));
    const second = median(warm.slice(-half).map((slice) => slice[what]));
    const { times, plus } = bounds[what];
    return { what, first, second, most: first * times + plus };
  });
  const requests = slices.reduce((sum, slice) => sum + slice.requests, 0);
  if (requests < enoughRequests || half < 2) return { verdict: 'short', comparisons };
  const grows = comparisons.some(({ second, most }) => second > most);
  return { verdict: grows ? 'grows' : 'flat', comparisons };
}
