import { readFileSync } from 'node:fs';
import { type Document, isMap, isScalar, LineCounter, parseDocument, visit } from 'yaml';
import { ConfigError } from './config-error.ts';

/** A parsed configuration file. */
export interface YamlFile {
  readonly file: string;
  readonly raw: Record<string, unknown>;
  /** The position (`postern.yaml:3:5`) of the setting, or of the nearest section in the file. */
  locate(path: readonly string[]): string;
}

/** Reads a configuration file. Throws ConfigError when it cannot be read or is not valid YAML. */
export function readYaml(file: string): YamlFile {
  let source: string;
  try {
    source = readFileSync(file, 'utf8');
  } catch (error) {
    throw new ConfigError([
      {
        where: file,
        path: undefined,
        message: `cannot be read: ${(error as NodeJS.ErrnoException).code}`,
      },
    ]);
  }
  const lineCounter = new LineCounter();
  // By default it would print warnings with text of the file, which may be a secret.
  const options = { lineCounter, prettyErrors: false, logLevel: 'error' } as const;
  const document = parseDocument(source, options);
  const at = (offset: number) => {
    const { line, col } = lineCounter.linePos(offset);
    return `${file}:${line}:${col}`;
  };
  if (document.errors.length > 0) {
    throw new ConfigError(
      document.errors.map(({ pos, message }) => ({
        where: at(pos[0]),
        path: undefined,
        // After a colon the message quotes the file, which may be a secret.
        message: message.replace(/:.*$/s, ''),
      })),
    );
  }
  const raw = toPlainValues(document, (offset) => (offset === undefined ? file : at(offset)));
  if (raw !== null && (typeof raw !== 'object' || Array.isArray(raw))) {
    throw new ConfigError([
      { where: file, path: undefined, message: 'must be a mapping of settings, such as "gate:"' },
    ]);
  }
  return {
    file,
    raw: { ...raw },
    locate: (path) => {
      const offset = offsetOf(document, path);
      return offset === undefined ? file : at(offset);
    },
  };
}

/** Converts the document to plain values. Throws ConfigError for an unresolved alias, or too many. */
function toPlainValues(document: Document, at: (offset: number | undefined) => string): unknown {
  try {
    return document.toJS();
  } catch (error) {
    // The message may quote a value: a secret may happen to start with an asterisk.
    const isBomb = (error as Error).message.startsWith('Excessive alias count');
    const message = isBomb
      ? 'expands beyond the limit: too many aliases'
      : 'has an alias (*) without its anchor (&); put a value that starts with * in quotes';
    throw new ConfigError([
      { where: at(isBomb ? undefined : offsetOfAlias(document)), path: undefined, message },
    ]);
  }
}

/** Offset of the first unresolved alias. */
function offsetOfAlias(document: Document): number | undefined {
  let offset: number | undefined;
  visit(document, {
    Alias(_key, alias) {
      if (alias.resolve(document) !== undefined) return undefined;
      offset = alias.range?.[0];
      return visit.BREAK;
    },
  });
  return offset;
}

function offsetOf(document: Document, path: readonly string[]): number | undefined {
  let offset: number | undefined;
  let node: unknown = document.contents;
  for (const name of path) {
    if (!isMap(node)) break;
    const pair = node.items.find(({ key }) => isScalar(key) && String(key.value) === name);
    if (pair === undefined) break;
    offset = isScalar(pair.key) ? pair.key.range?.[0] : offset;
    node = pair.value;
  }
  return offset;
}
