import type { Gate } from '../../core/gate/gate.ts';
import type { Comment, Directive, Place, Source } from '../../proxies/nginx/syntax/index.ts';

/** The gates of a `postern.yaml`, and where each of them stands in it. */
export interface GateFile {
  readonly gates: readonly Gate[];
  readonly source: Source;
  readonly places: ReadonlyMap<string, Place>;
}

/** A gate as a line that a report can point at. */
export function lineOf({ source, places }: GateFile, gate: string): Directive {
  const place = places.get(gate) ?? { file: source.name, line: 1, column: 1 };
  return { name: `${gate}:`, args: [], words: [], place, source, end: 0, block: undefined };
}

/** The comments of the file, among which allowances are looked for. */
export function commentsIn({ name, text }: Source): readonly Comment[] {
  return text.split('\n').flatMap((line, index) => {
    const found = /(?:^|\s)#(.*)$/.exec(line)?.[1];
    return found === undefined ? [] : [{ text: found, file: name, line: index + 1 }];
  });
}
