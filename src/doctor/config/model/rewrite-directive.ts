import type { Directive } from '../../../nginx/syntax/index.ts';
import { capture, groupsOf } from './pattern.ts';
import { type Path, type ScriptContext, traced, withVariable } from './rewrite-path.ts';
import { known, termOf, unknown } from './term.ts';

/** What a `rewrite` does to a path. */
export interface Rewritten {
  /** The path where the pattern does not match; undefined where it surely does. */
  readonly missed: Path | undefined;
  readonly taken:
    | undefined
    | ({ readonly path: Path } & (
        | { readonly goesTo: 'client'; readonly status: 301 | 302 }
        | { readonly goesTo: 'next directive' | 'location' | 'content' }
      ));
}

/** Patterns that every path matches. */
const always = /^(?:\^|\.\*|\^\.\*|\^\/?\(?\.\*\)?\$?|\^\/|\^\/\(\.\*\)\$?)$/;

/** Applies a `rewrite` to a path. */
export function applyRewrite(directive: Directive, path: Path, context: ScriptContext): Rewritten {
  const [pattern = '', replacement = '', flag] = directive.args;
  const found = path.uri === undefined ? undefined : capture(pattern, false, path.uri);
  if (found === null) return { missed: { ...path, captures: [] }, taken: undefined };
  const isSure = found !== undefined || always.test(pattern);
  const certain = path.certain && (isSure || context.asked === undefined);
  const missed = isSure ? undefined : { ...path, captures: undefined, certain };
  let taken: Path = { ...traced(path, directive), captures: found, certain };
  for (const name of groupsOf(pattern)) {
    const group = found?.groups?.[name];
    taken = withVariable(taken, name, group === undefined ? unknown(`$${name}`) : known(group));
  }
  const isElsewhere = /^(?:https?:\/\/|\$scheme)/.test(replacement);
  if (isElsewhere || flag === 'redirect' || flag === 'permanent') {
    const status = flag === 'permanent' ? 301 : 302;
    return { missed, taken: { path: taken, goesTo: 'client', status } };
  }
  taken = withAddress(taken, replacement, context);
  const goesTo =
    flag === 'last' ? 'location' : flag === 'break' ? 'content' : ('next directive' as const);
  return { missed, taken: { path: taken, goesTo } };
}

/** Gives a path the address that a rewrite has; the old arguments follow unless it ends in `?`. */
function withAddress(path: Path, replacement: string, context: ScriptContext): Path {
  const evaluate = (text: string) => termOf(text, { ...path, ...context }).text;
  const at = replacement.indexOf('?');
  const uri = evaluate(at === -1 ? replacement : replacement.slice(0, at));
  if (at === -1) return { ...path, uri };
  const query = replacement.slice(at + 1);
  const dropsOld = replacement.endsWith('?');
  const own = evaluate(dropsOld ? query.slice(0, -1) : query);
  const old = dropsOld ? '' : path.args;
  const isKnown = own !== undefined && old !== undefined;
  return {
    ...path,
    uri,
    args: isKnown ? [own, old].filter((one) => one !== '').join('&') : undefined,
  };
}
