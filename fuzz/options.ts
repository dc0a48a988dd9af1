import { parseArgs } from 'node:util';

/** What the command is told. */
export interface Options {
  /** Inputs of all targets together; undefined for as many as there is time for. */
  readonly inputs: number | undefined;
  /** Undefined for as long as the inputs take. */
  readonly seconds: number | undefined;
  readonly targets: readonly string[];
  readonly seed: number;
  /** Targets that are tried at once. */
  readonly jobs: number;
  /** Seconds that one input may take. */
  readonly hang: number;
  /** Whether inputs that reached something new are kept. */
  readonly save: boolean;
  /** A file of the corpus to try alone. */
  readonly replay: string | undefined;
}

/** Seconds of a run that says neither how long nor how much. */
const usualSeconds = 60;

/** Reads the command line. Throws Error with what is wrong. */
export function readOptions(args: readonly string[], known: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      inputs: { type: 'string' },
      seconds: { type: 'string' },
      target: { type: 'string', multiple: true },
      seed: { type: 'string' },
      jobs: { type: 'string', default: '2' },
      hang: { type: 'string', default: '10' },
      save: { type: 'boolean', default: false },
      replay: { type: 'string' },
    },
  });
  const targets = values.target ?? known;
  const unknown = targets.filter((name) => !known.includes(name));
  if (unknown.length > 0) {
    throw new Error(`no target is called ${unknown.join(', ')}; there are: ${known.join(', ')}`);
  }
  if (values.replay !== undefined && values.target?.length !== 1) {
    throw new Error('--replay needs the one --target that the file is for');
  }
  const inputs = readCount('inputs', values.inputs);
  const seconds = readCount('seconds', values.seconds);
  return {
    inputs,
    seconds: inputs === undefined ? (seconds ?? usualSeconds) : seconds,
    targets,
    seed: readCount('seed', values.seed) ?? Math.floor(Math.random() * 2 ** 31),
    jobs: readCount('jobs', values.jobs) ?? 1,
    hang: readCount('hang', values.hang) ?? 1,
    save: values.save,
    replay: values.replay,
  };
}

function readCount(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const count = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new Error(`--${name} takes a whole number from 1, not "${text}"`);
}
