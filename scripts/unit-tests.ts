/**
 * Tests that `npm run test:unit` runs: of functions and classes, in one process. The runner denies
 * them what a test of that kind does without, other programs and threads.
 */
export const unitTests: readonly string[] = ['test/core/*.test.ts'];
