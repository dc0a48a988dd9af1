/**
 * What `npm run test:unit` runs: tests of functions and classes, in one process. Its runner denies
 * them other programs and threads, which is what the rest of the suite is for.
 */
export const unitTests: readonly string[] = [
  'test/core/**/*.test.ts',
  'test/lib/{admission-filter,duration,network,network-of,secret,text-line}.test.ts',
  'test/credentials/*.test.ts',
  'test/config/{config,config-schema,problems}.test.ts',
  'test/doctor/config/patch.test.ts',
  'test/doctor/probe/{client-messages,mask}.test.ts',
  'test/sign-on/{config,cookies,concurrency-limit}.test.ts',
  'test/gates/{config,recent-decisions}.test.ts',
  'test/house.test.ts',
  'test/jwt/refreshing-cache.test.ts',
  'test/seam/options.test.ts',
  'test/testkit/*.test.ts',
  'test/throttle/{attempts,service}.test.ts',
];
