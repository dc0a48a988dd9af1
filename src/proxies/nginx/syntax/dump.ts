import { fitsPathPattern } from './glob.ts';
import type { FileSet } from './load.ts';

/** The output of `nginx -T` (and `-V`), taken apart. */
export interface Dump {
  /** The name of the main file. */
  readonly main: string;
  readonly files: FileSet;
}

const marker = /^# configuration file (.+):$/;

/** Takes the output of `nginx -T` apart; undefined for a text that is none. */
export function readDump(text: string): Dump | undefined {
  const lines = text.split('\n');
  const files = new Map<string, string[]>();
  let current: string[] | undefined;
  let main: string | undefined;
  for (const line of lines) {
    const name = marker.exec(line.replace(/\r$/, ''))?.[1];
    if (name !== undefined && !files.has(name)) {
      current = [];
      files.set(name, current);
      main ??= name;
    } else {
      current?.push(line);
    }
  }
  if (main === undefined) return undefined;
  // nginx adds an empty line behind each file.
  const texts = new Map([...files].map(([name, own]) => [name, own.join('\n')]));
  return {
    main,
    files: {
      read: (path) => texts.get(path),
      match: (pattern) => [...texts.keys()].filter((name) => fitsPathPattern(pattern, name)).sort(),
    },
  };
}

/**
 * The version in the output of `nginx -v`, `-V` or `-T`, or in a text that is a version; undefined
 * where there is none. Forks (OpenResty, Angie, Tengine) count versions of their own.
 */
export function findNginxVersion(text: string): string | undefined {
  return /(?:^|\s)nginx version: nginx\/(\d+\.\d+\.\d+)/.exec(text)?.[1];
}
