import { replaceInvisible } from '../../../lib/replace-invisible.ts';
import { NginxSyntaxError, type Place, type Source } from './source.ts';
import { Tokenizer, type Word } from './tokens.ts';

/** A directive with its arguments and optional block. */
export interface Directive {
  readonly name: string;
  /** The arguments without quotes, escapes resolved. */
  readonly args: readonly string[];
  /** The name and the arguments with their offsets. */
  readonly words: readonly Word[];
  /** Position of the name. */
  readonly place: Place;
  readonly source: Source;
  /** Offset after the `;` or the `}`. */
  readonly end: number;
  readonly block: Block | undefined;
}

/** A block in braces. */
export interface Block {
  /** Empty for a Lua block, which is not parsed. */
  readonly directives: readonly Directive[];
  /** Offset after the opening brace. */
  readonly start: number;
  /** Offset of the closing brace. */
  readonly end: number;
}

/** A comment with its position. */
export interface Comment {
  readonly text: string;
  readonly line: number;
  readonly file: string;
}

/** A parsed file. */
export interface ParsedFile {
  readonly source: Source;
  readonly directives: readonly Directive[];
  readonly comments: readonly Comment[];
}

/** Bounds the recursion. */
const maxDepth = 100;

/** Parses one file. Throws NginxSyntaxError at the first error that nginx would report. */
export function parseFile(source: Source): ParsedFile {
  refuseBinary(source);
  const comments: Comment[] = [];
  const directives = new FileParser(source, comments).block(undefined);
  return { source, directives: directives.directives, comments };
}

/** True for a directive whose block is Lua code. */
export function isLuaBlock(name: string): boolean {
  return name.endsWith('_by_lua_block');
}

class FileParser {
  readonly #tokens: Tokenizer;
  readonly #comments: Comment[];
  readonly #places: LineIndex;
  #depth = 0;

  constructor(source: Source, comments: Comment[]) {
    this.#tokens = new Tokenizer(source);
    this.#comments = comments;
    this.#places = new LineIndex(source);
  }

  /** Parses up to the closing brace of a block, or to the end of the file. */
  block(opener: Word | undefined, start = 0): Block {
    const directives: Directive[] = [];
    let words: Word[] = [];
    for (;;) {
      const token = this.#tokens.next();
      switch (token.kind) {
        case 'word':
          words.push(token.word);
          break;
        case 'comment':
          this.#comment(token.text, token.start);
          break;
        case ';':
        case '{':
          if (words.length === 0) this.#fail(token.start, `"${token.kind}" stands without a name.`);
          directives.push(this.#directive(words, token.kind, token.start));
          words = [];
          break;
        case '}':
          if (words.length > 0) this.#failUnended(words);
          if (opener === undefined) {
            this.#fail(token.start, 'this "}" closes nothing; one "{" is missing above it.');
          }
          return { directives, start, end: token.start };
        case 'end':
          if (words.length > 0) this.#failUnended(words);
          if (opener === undefined) return { directives, start, end: token.start };
          this.#fail(
            opener.start,
            `the block "${shorten(opener.text)}" that opens here is not closed: a "}" is missing.`,
          );
      }
    }
  }

  #directive(words: readonly Word[], mark: ';' | '{', at: number): Directive {
    const [name, ...args] = words as [Word, ...Word[]];
    const block = mark === ';' ? undefined : this.#inner(name, at + 1);
    return {
      name: name.text,
      args: args.map(({ text }) => text),
      words,
      place: this.#places.at(name.start),
      source: this.#tokens.source,
      end: (block?.end ?? at) + 1,
      block,
    };
  }

  #inner(name: Word, start: number): Block {
    if (isLuaBlock(name.text)) {
      return { directives: [], start, end: this.#tokens.skipLua() };
    }
    this.#depth++;
    if (this.#depth > maxDepth) this.#fail(name.start, `more than ${maxDepth} blocks are nested.`);
    const block = this.block(name, start);
    this.#depth--;
    return block;
  }

  #comment(text: string, start: number): void {
    const { line, file } = this.#places.at(start);
    this.#comments.push({ text, line, file });
  }

  #failUnended(words: readonly Word[]): never {
    const last = words.at(-1) as Word;
    this.#fail(
      last.start,
      `a ";" is missing behind "${shorten(last.text)}"${words.length > 1 ? ` (directive "${shorten(words[0]?.text ?? '')}")` : ''}.`,
    );
  }

  #fail(offset: number, message: string): never {
    throw new NginxSyntaxError(message, this.#places.at(offset));
  }
}

/** Maps offsets to lines by binary search. */
class LineIndex {
  readonly #starts: number[] = [0];
  readonly #file: string;

  constructor({ name, text }: Source) {
    this.#file = name;
    for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) {
      this.#starts.push(at + 1);
    }
  }

  at(offset: number): Place {
    let [low, high] = [0, this.#starts.length - 1];
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if ((this.#starts[middle] ?? 0) <= offset) low = middle;
      else high = middle - 1;
    }
    return { file: this.#file, line: low + 1, column: offset - (this.#starts[low] ?? 0) + 1 };
  }
}

function refuseBinary({ name, text }: Source): void {
  const at = text.indexOf('\0');
  if (at === -1) return;
  throw new NginxSyntaxError(
    'this is not a text file (it has a NUL byte). Give an nginx configuration, or the output of nginx -T.',
    { file: name, line: text.slice(0, at).split('\n').length, column: 1 },
  );
}

function shorten(text: string): string {
  const shown = replaceInvisible(text);
  return shown.length > 40 ? `${shown.slice(0, 40)}…` : shown;
}
