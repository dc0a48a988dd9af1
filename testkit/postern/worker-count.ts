/** Asks for several workers in every service that a test starts: `POSTERN_TEST_WORKERS=2 npm test`. */
export const workersVariable = 'POSTERN_TEST_WORKERS';

/** How many workers a service of the tests has that does not say it itself. */
export function workersOfTests(): number {
  const text = process.env[workersVariable] ?? '1';
  const count = Number(text);
  if (Number.isInteger(count) && count >= 1 && count <= 8) return count;
  throw new Error(`${workersVariable}=${text}: write a whole number from 1 to 8`);
}

/** The setting that goes with it, for a service in a process of its own. */
export function workersSetting(): Record<string, string> {
  const count = workersOfTests();
  return count > 1 ? { POSTERN_WORKERS: String(count) } : {};
}
