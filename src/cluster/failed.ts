/** The first worker ended before it served anybody: it said why on standard error. */
export class WorkersFailed extends Error {
  override readonly name = 'WorkersFailed';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('the first worker did not start');
    this.exitCode = exitCode;
  }
}
