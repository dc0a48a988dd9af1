/** A configuration file: its display name and its text. */
export interface Source {
  readonly name: string;
  readonly text: string;
}

/** A position in a file. Line and column start at 1; columns count characters. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** Renders a position as `file:line:column`. */
export function renderPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

/** The position of an offset. */
export function placeAt(source: Source, offset: number): Place {
  const before = source.text.slice(0, offset);
  const lineStart = before.lastIndexOf('\n') + 1;
  let line = 1;
  for (let at = before.indexOf('\n'); at !== -1; at = before.indexOf('\n', at + 1)) line++;
  return { file: source.name, line, column: offset - lineStart + 1 };
}

/** A configuration cannot be parsed. The message says what is wrong, where, and what to do. */
export class NginxSyntaxError extends Error {
  override readonly name = 'NginxSyntaxError';
  readonly place: Place | undefined;

  constructor(message: string, place?: Place) {
    super(place === undefined ? message : `${renderPlace(place)}: ${message}`);
    this.place = place;
  }
}
