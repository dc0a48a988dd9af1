import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { capture, groupsOf } from './pattern.ts';
import { relateToStart } from './pattern-start.ts';
import { type Path, type ScriptContext, traced, withVariable } from './rewrite-path.ts';
import { known, startOf, termOf, unknown } from './term.ts';

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

/** Applies a `rewrite` to a path. */
export function applyRewrite(directive: Directive, path: Path, context: ScriptContext): Rewritten {
  const [pattern = '', replacement = '', flag] = directive.args;
  const found = path.uri === undefined ? undefined : capture(pattern, false, path.uri);
  const relation = relateToStart(pattern, false, path.uriStart);
  const isMissed = found === null || (found === undefined && relation === 'never');
  if (isMissed) return { missed: { ...path, captures: [] }, taken: undefined };
  const isKnown = path.uri !== undefined && found !== undefined;
  const isSure = isKnown || (path.uri === undefined && relation === 'always');
  // Clients choose their own path: one that matches is as sure to be asked for as one that does not.
  const isFree = context.asked === undefined && (path.uri === undefined || !context.isSimulated);
  const certain = path.certain && (isSure || isFree);
  const missed = isSure ? undefined : { ...path, captures: undefined, certain };
  let taken: Path = { ...traced(path, directive), captures: found ?? undefined, certain };
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
  const setting = { ...path, ...context };
  const evaluate = (text: string) => termOf(text, setting).text;
  const at = replacement.indexOf('?');
  const address = at === -1 ? replacement : replacement.slice(0, at);
  const uri = evaluate(address);
  const moved = { ...path, uri, uriStart: startOf(address, setting) };
  if (at === -1) return moved;
  const query = replacement.slice(at + 1);
  const dropsOld = replacement.endsWith('?');
  const own = evaluate(dropsOld ? query.slice(0, -1) : query);
  const old = dropsOld ? '' : path.args;
  const isKnown = own !== undefined && old !== undefined;
  return {
    ...moved,
    hasClientQuery: false,
    args: isKnown ? [own, old].filter((one) => one !== '').join('&') : undefined,
  };
}
