import { NginxSyntaxError, type Place, placeAt, type Source } from './source.ts';

/** A word: quotes removed, escapes resolved. */
export interface Word {
  readonly text: string;
  /** Was quoted, so that only variables are special in it. */
  readonly quoted: boolean;
  /** Offsets in the file, including quotes. */
  readonly start: number;
  readonly end: number;
}

/** A token of a configuration file. */
export type Token =
  | { readonly kind: 'word'; readonly word: Word }
  | { readonly kind: 'comment'; readonly text: string; readonly start: number }
  | { readonly kind: ';' | '{' | '}'; readonly start: number }
  | { readonly kind: 'end'; readonly start: number };

/**
 * Tokenizer with nginx's rules: a quote is special only at the start of a word, `${` does not open
 * a block, and a backslash escapes the next character.
 */
export class Tokenizer {
  readonly source: Source;
  #at = 0;

  constructor(source: Source) {
    this.source = source;
    // A byte order mark; nginx skips it too.
    if (source.text.startsWith('\ufeff')) this.#at = 1;
  }

  /** The next token. Throws NginxSyntaxError for an unterminated quote. */
  next(): Token {
    const { text } = this.source;
    while (isSpace(text.charCodeAt(this.#at))) this.#at++;
    const start = this.#at;
    if (start >= text.length) return { kind: 'end', start };
    const first = text[start];
    switch (first) {
      case ';':
      case '{':
      case '}':
        this.#at++;
        return { kind: first, start };
      case '#': {
        const end = text.indexOf('\n', start);
        this.#at = end === -1 ? text.length : end;
        return { kind: 'comment', text: text.slice(start + 1, this.#at), start };
      }
      case '"':
      case "'":
        return this.#quoted(first);
      default:
        return this.#bare();
    }
  }

  /**
   * Skips a Lua block, whose strings, comments and braces follow Lua's syntax. The opening brace
   * has been read. Returns the offset of the closing brace.
   */
  skipLua(): number {
    const { text } = this.source;
    const opened = this.#at - 1;
    let depth = 1;
    while (depth > 0) {
      const at = this.#at;
      if (at >= text.length) {
        throw new NginxSyntaxError(
          'this block of Lua is not closed: a "}" is missing.',
          this.placeOf(opened),
        );
      }
      const char = text[at];
      if (char === '{') depth++;
      if (char === '}') depth--;
      this.#at = skipLuaToken(text, at);
    }
    return this.#at - 1;
  }

  placeOf(offset: number): Place {
    return placeAt(this.source, offset);
  }

  #quoted(quote: '"' | "'"): Token {
    const { text } = this.source;
    const start = this.#at;
    let at = start + 1;
    while (text[at] !== quote) {
      if (at >= text.length) {
        throw new NginxSyntaxError(
          `the quotation mark ${quote} that opens here is not closed.`,
          this.placeOf(start),
        );
      }
      at += text[at] === '\\' ? 2 : 1;
    }
    const end = at + 1;
    this.#at = end;
    const after = text[end];
    if (after !== undefined && !/[\s;{)]/.test(after)) {
      throw new NginxSyntaxError(
        `"${printable(after)}" follows a closing quotation mark; put a space between, or quote the whole word.`,
        this.placeOf(end),
      );
    }
    return {
      kind: 'word',
      word: { text: resolveEscapes(text.slice(start + 1, at)), quoted: true, start, end },
    };
  }

  #bare(): Token {
    const { text } = this.source;
    const start = this.#at;
    let at = start;
    let afterDollar = false;
    for (; at < text.length; at++) {
      const code = text.charCodeAt(at);
      if (code === 0x7b && afterDollar) {
        afterDollar = false;
        continue;
      }
      if (isSpace(code) || code === 0x3b || code === 0x7b) break;
      afterDollar = code === 0x24;
      if (code === 0x5c) at++;
    }
    const end = Math.min(at, text.length);
    this.#at = end;
    return {
      kind: 'word',
      word: { text: resolveEscapes(text.slice(start, end)), quoted: false, start, end },
    };
  }
}

function isSpace(code: number): boolean {
  return code === 0x20 || code === 0x09 || code === 0x0d || code === 0x0a;
}

const escapes: Readonly<Record<string, string>> = { t: '\t', r: '\r', n: '\n' };

/** nginx resolves only these; other backslashes are kept, for regular expressions. */
function resolveEscapes(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/\\(["'\\trn])/g, (_all, char: string) => escapes[char] ?? char);
}

/** The offset after the Lua token at `at`: a string or a comment as a whole, else one character. */
function skipLuaToken(text: string, at: number): number {
  const beyond = (found: number, length: number) => (found === -1 ? text.length : found + length);
  const rest = (pattern: RegExp) => {
    pattern.lastIndex = at;
    return pattern.exec(text)?.[0];
  };
  const long = rest(/(?:--)?\[(=*)\[/y);
  if (long !== undefined) {
    const closing = `]${'='.repeat(long.split('=').length - 1)}]`;
    return beyond(text.indexOf(closing, at + long.length), closing.length);
  }
  if (text.startsWith('--', at)) return beyond(text.indexOf('\n', at), 1);
  const quote = text[at];
  if (quote !== '"' && quote !== "'") return at + 1;
  let end = at + 1;
  while (end < text.length && text[end] !== quote && text[end] !== '\n') {
    end += text[end] === '\\' ? 2 : 1;
  }
  return end + 1;
}

function printable(char: string): string {
  return char < ' ' ? `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}` : char;
}
