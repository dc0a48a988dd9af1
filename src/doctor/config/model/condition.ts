import { matches } from './pattern.ts';
import { evaluate, type Setting } from './value.ts';

/**
 * Patterns of Postern's own files for `$uri`: its auth location, which is internal, and characters that no
 * client sends by accident. Where the path of a request is not known, it is none of these.
 */
const ofNoClient: ReadonlySet<string> = new Set(['^/\\.postern/auth(?:/|$)', '[\\x00-\\x1F\\x7F]']);

/**
 * Judges the condition of an `if`; undefined when it cannot be known. Arguments come as nginx splits
 * them, with the parentheses still on the first and the last.
 */
export function judge(args: readonly string[], setting: Setting): boolean | undefined {
  const words = stripParentheses(args);
  const [left = '', operator, right = ''] = words;
  if (/^!?-[fdex]$/.test(left)) return undefined;
  const value = evaluate(left, setting);
  if (value === undefined) {
    return left === '$uri' && operator === '~' && ofNoClient.has(right) ? false : undefined;
  }
  switch (operator) {
    case undefined:
      return value !== '' && value !== '0';
    case '=':
    case '!=': {
      const other = evaluate(right, setting);
      return other === undefined ? undefined : (other === value) === (operator === '=');
    }
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

function stripParentheses(args: readonly string[]): string[] {
  const words = [...args];
  const first = words[0] ?? '';
  words[0] = first.startsWith('(') ? first.slice(1) : first;
  const last = words.at(-1) ?? '';
  words[words.length - 1] = last.endsWith(')') ? last.slice(0, -1) : last;
  return words.filter((word, index) => word !== '' || (index > 1 && index < words.length - 1));
}
