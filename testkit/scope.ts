/**
 * What a fixture tells how to undo its work: a test (`TestContext` is one), or a scope of `openScope` where
 * no test runs.
 */
export interface Scope {
  after(undo: () => unknown): void;
}

/** A scope that its owner closes. */
export interface OpenScope extends Scope {
  /** Undoes everything, the latest first. */
  close(): Promise<void>;
}

/** Opens a scope for programs that are no tests: bench, seam, scripts. */
export function openScope(): OpenScope {
  const steps: (() => unknown)[] = [];
  return {
    after: (undo) => void steps.push(undo),
    async close() {
      for (const undo of steps.splice(0).reverse()) await undo();
    },
  };
}
