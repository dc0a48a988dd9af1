/** Stands in an example for any text at all. */
export const anyText = '\0';

/** Examples of one pattern; alternatives multiply. */
const maxExamples = 24;

/**
 * Texts that a regular expression of a location or of `rewrite` may match, made from its letters and
 * alternatives. None where it has something that they cannot be made from. They are guesses: whoever
 * uses them matches them.
 */
export function examplesOf(pattern: string): readonly string[] {
  const reader = new PatternReader(pattern.replace(/^\(\?[ims]+\)/, ''));
  const found = reader.alternatives();
  if (found === undefined || !reader.isAtEnd) return [];
  const isBound = pattern.startsWith('^');
  return [...new Set(found.flatMap((text) => anchored(text, isBound)))].slice(0, maxExamples);
}

function anchored(text: string, isBound: boolean): string[] {
  if (text.startsWith('/')) return isBound ? [text] : [text, `/x${text}`];
  return isBound && text !== '' && !text.startsWith(anyText) ? [] : [`/${text}`];
}

class PatternReader {
  readonly #pattern: string;
  #at = 0;

  constructor(pattern: string) {
    this.#pattern = pattern;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#pattern.length;
  }

  alternatives(): string[] | undefined {
    const all: string[] = [];
    do {
      const one = this.#sequence();
      if (one === undefined) return undefined;
      all.push(...one);
    } while (this.#take('|'));
    return all.slice(0, maxExamples);
  }

  #sequence(): string[] | undefined {
    let texts = [''];
    while (!this.isAtEnd && !'|)'.includes(this.#next)) {
      const atom = this.#atom();
      if (atom === undefined) return undefined;
      const repeated = this.#repeat(atom);
      texts = texts.flatMap((text) => repeated.map((more) => text + more)).slice(0, maxExamples);
    }
    return texts;
  }

  /** A part before its quantifier; `isAny` for one that stands for many characters. */
  #atom(): { texts: string[]; isAny: boolean } | undefined {
    const letter = this.#next;
    this.#at++;
    switch (letter) {
      case '^':
      case '$':
        return { texts: [''], isAny: false };
      case '.':
        return { texts: ['x'], isAny: true };
      case '(': {
        if (this.#take('?:') === false && this.#takeName() === false && this.#next === '?') {
          return undefined;
        }
        const inner = this.alternatives();
        return inner !== undefined && this.#take(')') ? { texts: inner, isAny: false } : undefined;
      }
      case '[':
        return this.#charClass();
      case '\\':
        return this.#escape();
      default:
        return { texts: [letter], isAny: false };
    }
  }

  #charClass(): { texts: string[]; isAny: boolean } | undefined {
    const end = this.#pattern.indexOf(']', this.#at + 2);
    if (end === -1) return undefined;
    const body = this.#pattern.slice(this.#at, end);
    this.#at = end + 1;
    if (body.startsWith('^')) return { texts: ['x'], isAny: true };
    const first = body.startsWith('\\') ? (classes[body[1] ?? ''] ?? body[1]) : body[0];
    return { texts: [first ?? 'x'], isAny: false };
  }

  #escape(): { texts: string[]; isAny: boolean } | undefined {
    const letter = this.#next;
    this.#at++;
    const text = classes[letter] ?? (/\w/.test(letter) ? undefined : letter);
    return text === undefined ? undefined : { texts: [text], isAny: /[SDW]/.test(letter) };
  }

  #repeat({ texts, isAny }: { texts: string[]; isAny: boolean }): string[] {
    const sign = this.#next;
    if (sign === '{') {
      const [all = '', count = '1'] =
        /^\{(\d+)(?:,\d*)?\}/.exec(this.#pattern.slice(this.#at)) ?? [];
      this.#at += all.length || 1;
      return texts.map((text) => text.repeat(Math.min(Number(count), 8)));
    }
    if (sign === '' || !'*+?'.includes(sign)) return texts;
    this.#at++;
    this.#take('?');
    if (sign === '?') return ['', ...texts];
    if (isAny) return [anyText];
    return sign === '*' ? ['', ...texts] : texts;
  }

  get #next(): string {
    return this.#pattern[this.#at] ?? '';
  }

  #take(text: string): boolean {
    if (!this.#pattern.startsWith(text, this.#at)) return false;
    this.#at += text.length;
    return true;
  }

  #takeName(): boolean {
    const [all] = /^\?P?<\w+>/.exec(this.#pattern.slice(this.#at)) ?? [];
    this.#at += all?.length ?? 0;
    return all !== undefined;
  }
}

/** What stands for a class of characters; nothing for a boundary. */
const classes: Readonly<Record<string, string>> = {
  ...{ d: '1', w: 'x', s: ' ', S: 'x', D: 'x', W: '-', b: '', B: '' },
};
