import { matchesPath } from './glob.ts';
import type { FileSet } from './load.ts';

/** A parsed `nginx -T` (or `-V`) output. */
export interface Dump {
  /** Path of the main file. */
  readonly main: string;
  readonly files: FileSet;
}

const marker = /^# configuration file (.+):$/;

/** Parses the output of `nginx -T`; undefined for any other text. */
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
  // nginx appends an empty line to each file.
  const texts = new Map([...files].map(([name, own]) => [name, own.join('\n')]));
  return {
    main,
    files: {
      read: (path) => texts.get(path),
      match: (pattern) => [...texts.keys()].filter((name) => matchesPath(pattern, name)).sort(),
    },
  };
}

/**
 * The nginx version in the output of `nginx -v`, `-V` or `-T`; undefined when there is none. Forks
 * (OpenResty, Angie, Tengine) have version numbers of their own.
 */
export function findNginxVersion(text: string): string | undefined {
  return /(?:^|\s)nginx version: nginx\/(\d+\.\d+\.\d+)/.exec(text)?.[1];
}
