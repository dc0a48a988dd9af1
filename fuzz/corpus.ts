import { createHash } from 'node:crypto';
import { globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join, relative } from 'node:path';

/** Where inputs are kept: `TARGET/HASH`, and those that broke something `regressions/TARGET/HASH`. */
export const corpusDirectory = join(import.meta.dirname, 'corpus');

/** Larger inputs are not worth a place in the repository. */
const mostCharacters = 4_096;

/** Most inputs of one target that `--save` leaves behind. */
const mostFiles = 60;

/** An input with the file that holds it. */
export interface Kept {
  readonly file: string;
  readonly input: string;
}

/** The inputs that are kept of a target, those that broke something among them. */
export function readCorpus(target: string, directory = corpusDirectory): Kept[] {
  const files = [`${target}/*`, `regressions/${target}/*`].flatMap((pattern) =>
    globSync(pattern, { cwd: directory }),
  );
  return files.sort().map((file) => ({
    file,
    // Inputs are text of UTF-16 code units; lone surrogates survive in JSON and in nothing else.
    input: JSON.parse(readFileSync(join(directory, file), 'utf8')) as string,
  }));
}

/** Keeps an input, under the hash of its content. False when it is too large or there are enough. */
export function keepInput(target: string, input: string, directory = corpusDirectory): boolean {
  if (input.length > mostCharacters) return false;
  if (globSync(`${target}/*`, { cwd: directory }).length >= mostFiles) return false;
  write(directory, target, input);
  return true;
}

/** Keeps an input that broke something. Returns its file, relative to where people are. */
export function keepRegression(target: string, input: string, directory = corpusDirectory): string {
  return relative(process.cwd(), write(directory, join('regressions', target), input));
}

function write(directory: string, place: string, input: string): string {
  const hash = createHash('sha256').update(JSON.stringify(input)).digest('hex').slice(0, 16);
  mkdirSync(join(directory, place), { recursive: true });
  const file = join(directory, place, `${hash}.json`);
  writeFileSync(file, `${JSON.stringify(input)}\n`);
  return file;
}
