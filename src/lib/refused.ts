/**
 * What was asked for was understood and is not done, or a check found something. The message says
 * what, where and what to do, and is shown without a stack trace.
 */
export class Refused extends Error {
  override readonly name: string = 'Refused';
}
