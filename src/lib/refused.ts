/**
 * A valid command was refused, or a check found a problem. The message says what, where and what to do, and
 * is shown without a stack trace.
 */
export class Refused extends Error {
  override readonly name: string = 'Refused';
}
