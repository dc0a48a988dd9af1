import { posix } from 'node:path';
import { isPattern } from './glob.ts';
import { type Comment, type Directive, type ParsedFile, parseFile } from './parse.ts';
import { NginxSyntaxError, renderPlace } from './source.ts';

/** Source of configuration files. */
export interface FileSet {
  /**
   * The text of a file; undefined when it does not exist. Throws NginxSyntaxError when it is
   * unreadable.
   */
  read(path: string): string | undefined;
  /** The files that match a glob(3) pattern, sorted. */
  match(pattern: string): readonly string[];
  /**
   * False for a file whose text must not be shown, since it is not part of the configuration.
   * Default: true.
   */
  isOwn?(path: string): boolean;
}

/** A configuration with its includes. */
export interface LoadedConfiguration {
  /** All directives, with each `include` replaced by its content. */
  readonly directives: readonly Directive[];
  readonly comments: readonly Comment[];
  /** The files in the order of their first use. */
  readonly files: readonly ParsedFile[];
  /** Includes of missing files; they stay in `directives`. */
  readonly missing: readonly Directive[];
}

/** Only a mistake in an include expands to more. */
const maxDirectives = 2_000_000;

/**
 * Loads a configuration and its includes. Relative includes are resolved in the directory of the
 * main file, as nginx does. Throws NginxSyntaxError.
 */
export function loadConfiguration(main: string, files: FileSet): LoadedConfiguration {
  const text = files.read(main);
  if (text === undefined) {
    throw new NginxSyntaxError(`${main}: there is no such file. Name the nginx configuration.`);
  }
  return new Loader(files, posix.dirname(main)).load(main);
}

class Loader {
  readonly #files: FileSet;
  readonly #directory: string;
  readonly #parsed = new Map<string, ParsedFile>();
  readonly #expanded = new Map<string, readonly Directive[]>();
  readonly #missing: Directive[] = [];
  #count = 0;

  constructor(files: FileSet, directory: string) {
    this.#files = files;
    this.#directory = directory;
  }

  load(main: string): LoadedConfiguration {
    const directives = this.#file(main, [], undefined) ?? [];
    const files = [...this.#parsed.values()];
    return {
      directives,
      files,
      comments: files.flatMap(({ comments }) => comments),
      missing: this.#missing,
    };
  }

  /** The directives of a file with includes expanded; undefined when it does not exist. */
  #file(
    path: string,
    chain: readonly string[],
    include: Directive | undefined,
  ): readonly Directive[] | undefined {
    if (chain.includes(path)) {
      throw new NginxSyntaxError(
        `this include goes in a circle: ${[...chain.slice(chain.indexOf(path)), path].join(' includes ')}.`,
        include?.place,
      );
    }
    const known = this.#expanded.get(path);
    if (known !== undefined) return known;
    const parsed = this.#parse(path);
    if (parsed === undefined) return undefined;
    const expanded = this.#expand(parsed.directives, [...chain, path]);
    this.#expanded.set(path, expanded);
    return expanded;
  }

  #parse(path: string): ParsedFile | undefined {
    const known = this.#parsed.get(path);
    if (known !== undefined) return known;
    const text = this.#files.read(path);
    if (text === undefined) return undefined;
    const parsed = this.#parseText(path, text);
    this.#parsed.set(path, parsed);
    return parsed;
  }

  #parseText(path: string, text: string): ParsedFile {
    try {
      return parseFile({ name: path, text });
    } catch (error) {
      if (!(error instanceof NginxSyntaxError) || this.#files.isOwn?.(path) !== false) throw error;
      throw new NginxSyntaxError(
        'this is no nginx configuration. What stands there is not shown: the file lies outside of the directory of the main one.',
        error.place,
      );
    }
  }

  #expand(directives: readonly Directive[], chain: readonly string[]): readonly Directive[] {
    const result: Directive[] = [];
    for (const directive of directives) {
      if (directive.name === 'include' && directive.block === undefined) {
        for (const one of this.#include(directive, chain)) result.push(one);
      } else if (directive.block !== undefined) {
        const inner = this.#expand(directive.block.directives, chain);
        result.push({ ...directive, block: { ...directive.block, directives: inner } });
      } else {
        result.push(directive);
      }
    }
    this.#count += result.length;
    if (this.#count > maxDirectives) {
      throw new NginxSyntaxError(
        `${chain[0]}: more than ${maxDirectives} directives after all includes.`,
      );
    }
    return result;
  }

  #include(directive: Directive, chain: readonly string[]): readonly Directive[] {
    const [path] = directive.args;
    if (path === undefined || directive.args.length !== 1 || path === '') {
      throw new NginxSyntaxError('include takes one file name or pattern.', directive.place);
    }
    const absolute = posix.isAbsolute(path) ? path : posix.join(this.#directory, path);
    if (isPattern(absolute)) {
      return this.#files
        .match(absolute)
        .flatMap((file) => this.#file(file, chain, directive) ?? []);
    }
    const included = this.#file(absolute, chain, directive);
    if (included !== undefined) return included;
    this.#missing.push(directive);
    return [directive];
  }
}

/** Renders a missing include as one line. */
export function renderMissing(directive: Directive): string {
  return `${renderPlace(directive.place)}: include ${directive.args[0]}: there is no such file`;
}
