import { compare, isFileTest, readCondition } from './condition.ts';
import { capture, groupsOf } from './pattern.ts';
import { relateToStart } from './pattern-start.ts';
import type { Path, ScriptContext } from './rewrite-path.ts';
import { known, type Term, termOf, unknown } from './term.ts';

/** What is known of the condition of an `if` on a path. */
export interface Judgement {
  /** Undefined when it cannot be known. */
  readonly holds: boolean | undefined;
  /** Two conditions with the same key have the same value. */
  readonly key: string;
  /** It was taken for granted that no file has the name of the path. */
  readonly isGuess: boolean;
  /** What the condition is about. */
  readonly term: Term;
  readonly captures: Path['captures'];
  /** The named groups of its expression. */
  readonly groups: readonly (readonly [name: string, value: Term])[];
}

/** Judges the condition of an `if`, whose arguments come as nginx splits them. */
export function judgeCondition(
  args: readonly string[],
  path: Path,
  context: ScriptContext,
): Judgement {
  const [left = '', operator, right = ''] = readCondition(args);
  const evaluate = (text: string) => termOf(text, { ...path, ...context });
  const isNegative = (operator ?? left).startsWith('!');
  if (isFileTest(left)) return judgeFile(left, evaluate(operator ?? ''), path, context);
  const value = evaluate(left);
  const isRegex = operator?.includes('~') === true;
  const other = isRegex ? known(right) : evaluate(right);
  const term =
    operator === undefined
      ? value
      : {
          ...value,
          isShared: value.isShared && other.isShared,
          isChosen: value.isChosen && other.isChosen,
        };
  const holds =
    compare(value.text, operator, right, other.text) ??
    compareStart(left, operator, right, path, context);
  const key = `${value.symbol} ${operator?.replace('!', '')} ${other.symbol}`;
  const groups: [string, Term][] = [];
  let { captures } = path;
  if (isRegex) {
    const ignoreCase = operator.endsWith('*');
    const found = value.text === undefined ? undefined : capture(right, ignoreCase, value.text);
    captures = found === null ? [] : found;
    for (const name of groupsOf(right)) {
      const group = found?.groups?.[name];
      groups.push([name, group === undefined ? unknown(`$${name}`) : known(group)]);
    }
  }
  return { ...negate(holds, key, isNegative), isGuess: false, term, captures, groups };
}

/**
 * Patterns of Postern's own files for `$uri`: its auth location, which is internal, and characters that no
 * client sends by accident. Where the path of a request is not known, it is none of these.
 */
const ofNoClient: ReadonlySet<string> = new Set(['^/\\.postern/auth(?:/|$)', '[\\x00-\\x1F\\x7F]']);

/** Compares what an unknown path begins with. */
function compareStart(
  left: string,
  operator: string | undefined,
  right: string,
  path: Path,
  { isSimulated }: ScriptContext,
): boolean | undefined {
  const isUri = /^\$\{?(?:document_)?uri\}?$/.test(left);
  if (!isUri || path.uri !== undefined || operator?.includes('~') !== true) return undefined;
  const isNegative = operator.startsWith('!');
  if (isSimulated && ofNoClient.has(right)) return isNegative;
  const relation = relateToStart(right, operator.endsWith('*'), path.uriStart);
  return relation === 'perhaps' ? undefined : (relation === 'always') !== isNegative;
}

function judgeFile(left: string, term: Term, path: Path, { asked }: ScriptContext): Judgement {
  const isNegative = left.startsWith('!');
  // Nobody names a file after the path of a question.
  const isGuess = term.isOfPath && path.uri !== undefined && path.uri === asked;
  const holds = isGuess ? isNegative : undefined;
  const key = `${left.replace('!', '')} ${term.symbol}`;
  const own = { ...term, isShared: term.isShared && !term.isOfPath, isChosen: false };
  const { captures } = path;
  return { ...negate(holds, key, isNegative), isGuess, term: own, captures, groups: [] };
}

function negate(holds: boolean | undefined, key: string, isNegative: boolean) {
  return { holds, key: isNegative ? `!${key}` : key };
}
