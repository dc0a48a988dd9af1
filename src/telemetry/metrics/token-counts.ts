import type { TokenKind } from '../../core/model/identity.ts';
import { tokenStates } from '../../core/model/token.ts';
import type { TokenCount } from '../../store/port/tokens.ts';

/** Refreshing cache of token counts. */
export interface TokenCounts {
  /** The last counts, for every kind and state, zeros included. Empty before the first count. */
  latest(): readonly TokenCount[];
  /**
   * Starts a new count when one is due, and waits for it up to a timeout. With millions of tokens a
   * count takes longer; then the next scrape gets it. Never rejects.
   */
  refresh(): Promise<void>;
}

/** Least milliseconds between the starts of two counts. */
const intervalMs = 30_000;

/** Milliseconds that a scrape waits for a count. */
const timeoutMs = 500;

/** `clock` returns Unix time in milliseconds. */
export function createTokenCounts(dependencies: {
  readonly count: (now: number) => Promise<readonly TokenCount[]>;
  readonly failed: (error: unknown) => void;
  readonly clock: () => number;
}): TokenCounts {
  const { count, failed, clock } = dependencies;
  let latest: readonly TokenCount[] = [];
  let startedAt: number | undefined;
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
      // Absolute difference, because the clock can be set back.
      const isDue = startedAt === undefined || Math.abs(now - startedAt) >= intervalMs;
      if (counting === undefined && isDue) {
        startedAt = now;
        counting = run(now);
      }
      if (counting === undefined) return;
      let timer: NodeJS.Timeout | undefined;
      const timeout = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, timeoutMs);
      });
      await Promise.race([counting, timeout]);
      clearTimeout(timer);
    },
  };
}

const kinds: readonly TokenKind[] = ['token', 'ticket', 'session'];

/** Adds the missing combinations as 0, so that series do not end. */
function withZeros(counts: readonly TokenCount[]): TokenCount[] {
  return kinds.flatMap((kind) =>
    tokenStates.map((state) => {
      const found = counts.find((one) => one.kind === kind && one.state === state);
      return found ?? { kind, state, count: 0 };
    }),
  );
}
