/**
 * What `npm run test:unit` runs: tests of functions and classes, in one process. Its runner denies
 * them other programs and threads, which is what the rest of the suite is for.
 */
export const unitTests: readonly string[] = [
  'test/core/*.test.ts',
  'test/credentials/*.test.ts',
  'test/config.test.ts',
  'test/config-problems.test.ts',
  'test/config-schema.test.ts',
  'test/doctor/config/patch.test.ts',
  'test/doctor/probe/{client-messages,mask}.test.ts',
  'test/bridges/{config,cookies,limiter}.test.ts',
  'test/gates/{config,recent-decisions}.test.ts',
  'test/house.test.ts',
  'test/jwt/renewable.test.ts',
  'test/seam/options.test.ts',
  'test/throttle/{attempts,service}.test.ts',
];
