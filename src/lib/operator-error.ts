/**
 * An error for the operator to fix: a port in use, a broken database, a wrong setting. The message says
 * what, where and what to do, and is shown without a stack trace.
 */
export class OperatorError extends Error {
  override readonly name = 'OperatorError';
}
