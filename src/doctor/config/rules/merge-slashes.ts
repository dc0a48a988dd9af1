import type { Directive } from '../../../nginx/syntax/index.ts';
import { describe } from '../ground.ts';
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
      const asked = own.filter(({ path, naming }) => path.startsWith('//') && naming !== undefined);
      const past = asked.find(({ host, path, naming }) => {
        const meant = gates.at(host, path.slice(1));
        const isNamed = naming?.by === 'question' || naming?.by === 'variable';
        return meant !== undefined && isNamed && naming.name !== meant.gate.name;
      });
      const first = past ?? asked.find(({ at }) => at === undefined);
      if (first === undefined) continue;
      const about = describe(server);
      const change =
        'Take merge_slashes off out: nginx then looks for a location by the merged path.';
      const limit = isSure
        ? ''
        : ' nginx takes this setting from the server that it knows before it reads the host: from this one for TLS by name, else from the default server of the address.';
      if (past === undefined) {
        yield {
          ...{ severity: 'notice', at: line, about, change },
          meaning: `With merge_slashes off nginx looks for the location of //a and not of /a. Postern lets nobody pass whose path is at another gate when the slashes are merged (ambiguous_path), so ${renderRequest(first)} is denied where it matters; with a gate that is named in the location it would not be.${limit}`,
        };
      } else {
        yield {
          ...{ severity: isSure ? 'fault' : 'warning', at: line, about },
          because: past.end.question === undefined ? [] : [past.end.question.directive],
          meaning: `With merge_slashes off nginx looks for the location of //a and not of /a. ${renderRequest(past)} comes to ${past.location === undefined ? 'the server' : describe(past.location)}, which names gate ${nameOf(past)}, and the rules of ${gates.at(past.host, past.path.slice(1))?.gate.name} are not asked. Most backends take the path for the one with a single slash.${limit}`,
          change: `${change} Or include postern-location.conf there: by host and path Postern denies such requests (ambiguous_path).`,
        };
      }
    }
  },
};

function nameOf({ naming }: Trial): string {
  return naming !== undefined && 'name' in naming ? naming.name : '';
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
