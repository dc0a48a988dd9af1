import { parseArgs } from 'node:util';

/** What the command is told. */
export interface Options {
  /** The properties to try, one after the other. */
  readonly properties: readonly string[];
  /** Cases of each property; undefined for as many as there is time for. */
  readonly cases: number | undefined;
  /** Seconds for each property; undefined for as long as the cases take. */
  readonly seconds: number | undefined;
  readonly seed: number;
  /** A case to try alone. */
  readonly replay: string | undefined;
}

/** Seconds of a run that says neither how long nor how much. */
const usualSeconds = 60;

/** Reads the command line. Throws Error with what is wrong. */
export function readOptions(args: readonly string[], known: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      ...Object.fromEntries(known.map((name) => [name, { type: 'boolean' as const }])),
      cases: { type: 'string' },
      seconds: { type: 'string' },
      seed: { type: 'string' },
      replay: { type: 'string' },
    },
  });
  const chosen = known.filter((name) => name in values);
  const { replay } = values as { replay?: string };
  if (replay !== undefined && chosen.length !== 1) {
    throw new Error(`--replay needs the property that the case is of: --${known.join(', --')}`);
  }
  const [cases, seconds, seed] = (['cases', 'seconds', 'seed'] as const).map((name) =>
    readCount(name, values[name]),
  );
  return {
    properties: chosen.length > 0 ? chosen : known,
    cases,
    seconds: cases === undefined ? (seconds ?? usualSeconds) : seconds,
    seed: seed ?? Math.floor(Math.random() * 2 ** 31),
    replay,
  };
}

function readCount(name: string, text: string | boolean | undefined): number | undefined {
  if (typeof text !== 'string') return undefined;
  const count = Number(text.replaceAll('_', ''));
  if (Number.isSafeInteger(count) && count >= 1) return count;
  throw new Error(`--${name} takes a whole number from 1, not "${text}"`);
}
