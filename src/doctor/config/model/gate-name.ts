import { authUri, parseAuthUri } from '../../../core/gate/auth-uri.ts';
import type { Configuration } from './configuration.ts';
import { chooseLocation } from './match.ts';
import type { AuthRequest } from './outcome.ts';
import { linesFor } from './request-headers.ts';
import type { Scenario } from './scenario.ts';
import type { Scope } from './scope.ts';
import { evaluate, variablesIn } from './value.ts';

/** How a question to Postern says which gate it is about. */
export type Naming =
  /** The question itself names it: `auth_request /.postern/auth/admin`. */
  | { readonly by: 'question'; readonly name: string }
  /** `set $postern_gate` does. */
  | { readonly by: 'variable'; readonly name: string }
  /** Nothing does: host and path decide. */
  | { readonly by: 'place' }
  | { readonly by: 'unknown' };

/** The location that Postern's files bring for nginx's question. */
export const posternAuth = authUri;

/** The variable that names a gate in the older form. */
export const gateVariable = 'postern_gate';

/** The gate that an `auth_request` line itself names. */
export function gateInQuestion(target: string): string | undefined {
  return parseAuthUri(target)?.gateName;
}

/** True for a line that asks Postern by the files that it ships. */
export function asksPostern({ args }: { readonly args: readonly string[] }): boolean {
  const [target = ''] = args;
  return target === posternAuth || gateInQuestion(target) !== undefined;
}

/** True for `set $postern_gate …`. */
export function setsGate({ args }: { readonly args: readonly string[] }): boolean {
  return args[0] === `$${gateVariable}`;
}

/** The variable by which Postern's location file says that it ran, and for which URI. */
export const markVariable = 'postern_location_uri';

/** True for the line that sets it: `set $postern_location_uri $uri`. */
export function isMark({ args }: { readonly args: readonly string[] }): boolean {
  return args[0] === `$${markVariable}` && args[1] !== args[0];
}

/** How a question names its gate; undefined where it is not Postern that is asked. */
export function readNaming(
  configuration: Configuration,
  server: Scope,
  scenario: Scenario,
  { directive, environment }: AuthRequest,
): Naming | undefined {
  const [target = ''] = directive.args;
  const setting = { configuration, scenario, environment };
  const named = gateInQuestion(target);
  if (named !== undefined) return { by: 'question', name: named };
  if (target !== posternAuth) {
    const chosen = chooseLocation(server, target.split('?')[0] ?? '');
    const view = chosen.kind === 'scope' ? chosen.scope : undefined;
    const [header] = view === undefined ? [] : linesFor(view, 'X-Postern-Gate');
    if (header === undefined) return undefined;
    const [, text = ''] = header.args;
    const name = evaluate(text, setting);
    if (name === undefined) return { by: 'unknown' };
    if (name === '') return { by: 'place' };
    return { by: variablesIn(text).length > 0 ? 'variable' : 'question', name };
  }
  const isMade =
    environment.has(gateVariable) ||
    configuration.assigned.has(gateVariable) ||
    configuration.maps.has(gateVariable);
  const name = isMade ? evaluate(`$${gateVariable}`, setting) : '';
  if (name === undefined) return { by: 'unknown' };
  return name === '' ? { by: 'place' } : { by: 'variable', name };
}

/** True for a location that Postern's own files bring. */
export function isPosternsOwn({ match }: Scope): boolean {
  return match !== undefined && 'path' in match && match.path.startsWith('/.postern');
}
