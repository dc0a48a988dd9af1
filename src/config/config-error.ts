import { OperatorError } from '../lib/operator-error.ts';

/** A fault in the configuration: where it is, what is wrong, what to do. */
export interface Problem {
  /** `postern.yaml:3:5`, or the name of an environment variable. */
  readonly where: string;
  /** The setting's path, such as `gate.listen`; undefined when the fault is in no setting. */
  readonly path: string | undefined;
  readonly message: string;
}

/** The configuration is invalid. The message lists all problems, one a line. */
export class ConfigError extends OperatorError {
  readonly problems: readonly Problem[];

  constructor(problems: readonly Problem[]) {
    const lines = problems.map(
      ({ where, path, message }) =>
        `  ${where}: ${path === undefined ? '' : `${path}: `}${message}`,
    );
    super(
      `the configuration has ${problems.length} problem${problems.length === 1 ? '' : 's'}:\n${lines.join('\n')}`,
    );
    this.problems = problems;
  }
}
