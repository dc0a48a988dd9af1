import { matches } from './pattern.ts';

/** True for the first word of a condition that asks for a file. */
export function isFileTest(word: string): boolean {
  return /^!?-[fdex]$/.test(word);
}

/** Compares a value as an `if` does; `other` is the value of its right side. */
export function compare(
  value: string | undefined,
  operator: string | undefined,
  right: string,
  other: string | undefined,
): boolean | undefined {
  if (value === undefined) return undefined;
  switch (operator) {
    case undefined:
      return value !== '' && value !== '0';
    case '=':
    case '!=':
      return other === undefined ? undefined : (other === value) === (operator === '=');
    case '~':
    case '~*':
    case '!~':
    case '!~*': {
      const fits = matches(right, operator.endsWith('*'), value);
      return fits === undefined ? undefined : fits !== operator.startsWith('!');
    }
    default:
      return undefined;
  }
}

/** The words of a condition, without the parentheses around them. */
export function readCondition(args: readonly string[]): string[] {
  const words = [...args];
  const first = words[0] ?? '';
  words[0] = first.startsWith('(') ? first.slice(1) : first;
  const last = words.at(-1) ?? '';
  words[words.length - 1] = last.endsWith(')') ? last.slice(0, -1) : last;
  return words.filter((word, index) => word !== '' || (index > 1 && index < words.length - 1));
}
