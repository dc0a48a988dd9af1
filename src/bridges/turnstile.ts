/** Lets so many tasks through at once, and only one while they keep failing. */
export interface Turnstile {
  /** Runs the task; undefined, at once, when too many are under way. Rejects as the task does. */
  pass<T>(task: () => Promise<T>): Promise<T> | undefined;
}

/** Failures in a row after which one task at a time finds out whether it is over. */
const patience = 3;

/**
 * Builds one for `most` tasks. While a service is away, or hangs, only one request at a time is made
 * to wait for it, and everybody else is told at once.
 */
export function createTurnstile(most: number): Turnstile {
  let inside = 0;
  let failures = 0;

  async function run<T>(task: () => Promise<T>): Promise<T> {
    inside++;
    try {
      const result = await task();
      failures = 0;
      return result;
    } catch (error) {
      failures++;
      throw error;
    } finally {
      inside--;
    }
  }

  return {
    pass: (task) => (inside >= (failures < patience ? most : 1) ? undefined : run(task)),
  };
}
