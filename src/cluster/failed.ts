/** The first worker ended before it was ready. The reason is on its standard error. */
export class WorkersFailed extends Error {
  override readonly name = 'WorkersFailed';
  readonly exitCode: number;

  constructor(exitCode: number) {
    super('the first worker did not start');
    this.exitCode = exitCode;
  }
}
