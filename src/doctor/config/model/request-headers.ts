import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import type { Configuration } from './configuration.ts';
import type { Scenario } from './scenario.ts';
import type { Scope } from './scope.ts';
import { type Environment, evaluate } from './value.ts';

/** A header that nginx sends on because of a `proxy_set_header` line. */
export interface SetHeader {
  readonly directive: Directive;
  /** Undefined where it cannot be known; an empty header is not sent at all. */
  readonly value: string | undefined;
}

/** The `proxy_set_header` lines for a header that are in force in a scope. */
export function linesFor(view: Scope, header: string): readonly Directive[] {
  const wanted = header.toLowerCase();
  return view.effective('proxy_set_header').filter(({ args }) => args[0]?.toLowerCase() === wanted);
}

/** What those lines send in a scenario. */
export function headersSent(
  view: Scope,
  header: string,
  context: {
    readonly configuration: Configuration;
    readonly scenario: Scenario;
    readonly environment: Environment;
  },
): readonly SetHeader[] {
  return linesFor(view, header).map((directive) => ({
    directive,
    value: evaluate(directive.args[1] ?? '', context),
  }));
}
