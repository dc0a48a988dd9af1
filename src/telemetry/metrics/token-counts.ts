import type { TokenKind } from '../../core/model/identity.ts';
import { tokenStates } from '../../core/model/token.ts';
import type { TokenCount } from '../../store/port.ts';

/** How many tokens there are, as of a short while ago. */
export interface TokenCounts {
  /** The last count there is: of every kind and state, 0 too. Empty before the first. */
  latest(): readonly TokenCount[];
  /**
   * Has them counted anew when that is due, and waits for it a moment: with millions of tokens it goes
   * on without whoever asked, and the next one gets to see it. Never rejects.
   */
  refresh(): Promise<void>;
}

/** Least milliseconds from the start of one count to that of the next. */
const intervalMs = 30_000;

/** Milliseconds that a scrape waits for a count. */
const patienceMs = 500;

/** Builds it on the store's own way to count. `clock` tells Unix time in milliseconds. */
export function createTokenCounts(dependencies: {
  readonly count: (now: number) => Promise<readonly TokenCount[]>;
  readonly failed: (error: unknown) => void;
  readonly clock: () => number;
}): TokenCounts {
  const { count, failed, clock } = dependencies;
  let latest: readonly TokenCount[] = [];
  let begun: number | undefined;
  let counting: Promise<void> | undefined;

  async function run(now: number): Promise<void> {
    try {
      latest = withZeros(await count(now));
    } catch (error) {
      failed(error);
    } finally {
      counting = undefined;
    }
  }

  return {
    latest: () => latest,
    async refresh() {
      const now = clock();
      // The distance, because a clock can be set back.
      const isDue = begun === undefined || Math.abs(now - begun) >= intervalMs;
      if (counting === undefined && isDue) {
        begun = now;
        counting = run(now);
      }
      if (counting === undefined) return;
      let timer: NodeJS.Timeout | undefined;
      const patience = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, patienceMs);
      });
      await Promise.race([counting, patience]);
      clearTimeout(timer);
    },
  };
}

const kinds: readonly TokenKind[] = ['token', 'ticket', 'session'];

/** A line in a graph goes down to 0 and does not end. */
function withZeros(counts: readonly TokenCount[]): TokenCount[] {
  return kinds.flatMap((kind) =>
    tokenStates.map((state) => {
      const found = counts.find((one) => one.kind === kind && one.state === state);
      return found ?? { kind, state, count: 0 };
    }),
  );
}
