/** Exit codes. Documented in the README; scripts rely on them. */
export const exitCodes = {
  ok: 0,
  /** The request was understood and refused, or a check failed. */
  failed: 1,
  /** The command line is wrong. */
  usage: 2,
  /** The configuration is wrong. */
  config: 3,
  /** The service is unreachable, or something it needs (a port, the store) is not available. */
  unavailable: 4,
} as const;
