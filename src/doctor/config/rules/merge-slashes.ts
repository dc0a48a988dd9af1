import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { describe, headOf } from '../analysis.ts';
import type { GateTable } from '../model/gate-table.ts';
import type { Scope } from '../model/scope.ts';
import { renderRequest, type Trial } from '../model/trials.ts';
import { defaultOf, findListeners, type Listener } from '../model/virtual-host.ts';
import type { Rule } from '../rule.ts';

/** Locations are prefixes: `//admin` does not begin with `/admin`. */
export const mergeSlashes: Rule = {
  code: 'PD034',
  title: 'Doubled slashes lead past the location of a gate',
  severities: ['fault', 'warning', 'notice'],
  needsGates: true,
  *find({ configuration, trials, gates }) {
    const listeners = findListeners(configuration.servers);
    for (const [server, own] of Map.groupBy(trials, (one) => one.server)) {
      const found = lineInForce(server, listeners);
      if (found === undefined || gates === undefined) continue;
      const { line, isSure } = found;
      const doubled = own.filter(({ path }) => path.startsWith('//'));
      const past = doubled.find(
        (one) => one.outcome.question === undefined && isProtected(gates, one),
      );
      const first = past ?? doubled.find(({ naming }) => naming !== undefined);
      if (first === undefined) continue;
      const about = describe(server);
      const change =
        'Take merge_slashes off out: nginx then looks for a location by the merged path.';
      const limit = isSure
        ? ''
        : ' nginx takes this setting from the server that it knows before it reads the host: from this one for TLS by name, else from the default server of the address.';
      const meaning = 'With merge_slashes off nginx looks for the location of //a and not of /a.';
      yield past === undefined
        ? {
            ...{ severity: 'notice', at: line, about, change },
            meaning: `${meaning} Postern lets nobody pass whose path is at another gate when the slashes are merged: ${renderRequest(first)} is denied (ambiguous_path).${limit}`,
          }
        : {
            ...{ severity: isSure ? 'fault' : 'warning', at: line, about, change },
            because: past.location === undefined ? [] : [headOf(past.location)],
            meaning: `${meaning} ${renderRequest(past)} comes to ${past.location === undefined ? 'the server itself' : describe(past.location)}, where Postern is not asked. Most backends take the path for ${past.path.slice(1)}, which is at gate ${gates.at(past.host, past.path.slice(1))?.gate.name}.${limit}`,
          };
    }
  },
};

/** With a single slash the path is at a gate, and not public there. */
function isProtected(gates: GateTable, { host, path }: Trial): boolean {
  const meant = gates.at(host, path.slice(1));
  return meant !== undefined && !gates.isPublic(meant.gate, path.slice(1));
}

/** The line that is in force for requests to a server, and whether that is sure. */
function lineInForce(
  server: Scope,
  listeners: readonly Listener[],
): { readonly line: Directive; readonly isSure: boolean } | undefined {
  const lineOf = (scope: Scope) => {
    const line = scope.effective('merge_slashes').at(-1);
    return line?.args[0] === 'off' ? line : undefined;
  };
  for (const listener of listeners.filter((one) => one.includes(server))) {
    const line = lineOf(defaultOf(listener));
    if (line !== undefined) return { line, isSure: true };
  }
  const own = lineOf(server);
  return own === undefined ? undefined : { line: own, isSure: false };
}
