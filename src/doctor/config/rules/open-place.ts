import { type Analysis, describe, headOf, unreadAround } from '../analysis.ts';
import { asksForPassword, programIn } from '../model/content.ts';
import { isPosternsOwn } from '../model/gate-name.ts';
import { renderGatePlace } from '../model/gate-table.ts';
import { backendOf } from '../model/protection.ts';
import type { Scope } from '../model/scope.ts';
import { renderRequest, type Trial } from '../model/trials.ts';
import type { Rule } from '../rule.ts';

/** Gates protect nothing that does not ask. */
export const openPlace: Rule = {
  code: 'PD031',
  title: 'A place of a gate is served without asking Postern',
  severities: ['fault', 'warning', 'notice'],
  needsGates: true,
  *find(analysis) {
    const { gates, configuration } = analysis;
    if (gates === undefined) return;
    const known = protectedBackends(analysis);
    const seen = new Set<Scope>();
    for (const trial of analysis.trials) {
      const { at, outcome, location, path } = trial;
      const scope = location ?? trial.server;
      if (at === undefined || outcome.question !== undefined || seen.has(scope)) continue;
      // Postern's own places, and what the gate opens for everybody.
      if ((location !== undefined && isPosternsOwn(location)) || unreadAround(scope) !== undefined)
        continue;
      if (gates.isPublic(at.gate, path)) continue;
      const backend = outcome.kind === 'proxied' ? backendOf(configuration, outcome) : undefined;
      const handler = outcome.kind === 'handled' ? outcome.by : undefined;
      const isFile =
        outcome.kind === 'handled' && (handler === undefined || handler.name === 'try_files');
      const isOtherwiseAsked =
        asksForPassword(outcome.view) || programIn(outcome.view) !== undefined;
      const isSame = backend !== undefined && known.has(backend);
      seen.add(scope);
      const [off] = scope.effective('auth_request');
      const isCertain = outcome.certain && isSame && !isOtherwiseAsked;
      yield {
        severity: isCertain ? 'fault' : isFile ? 'notice' : 'warning',
        at: off ?? headOf(scope),
        about: describe(scope),
        because: outcome.trace.filter(({ name }) => name === 'proxy_pass'),
        meaning: `${renderRequest(trial)} is at gate ${at.gate.name} (${renderGatePlace(at.place)}) and not public there, but ${served(backend, isFile)} and Postern is not asked.${isSame ? ' Elsewhere the same backend is behind Postern.' : ''}`,
        change: `Ask here too: include gates/${at.gate.name}.conf or postern-location.conf. If everybody may have it, add the path to public of the gate, or say so: auth_request off; and # postern-doctor: allow PD031 <why>.`,
      };
    }
  },
};

function served(backend: string | undefined, isFile: boolean): string {
  if (isFile) return 'nginx serves a file';
  return backend === undefined ? 'it is answered here' : `it goes to ${backend}`;
}

/** Backends that somebody reaches by way of Postern, on any server. */
export function protectedBackends({ configuration, trials }: Analysis): ReadonlySet<string> {
  return new Set(
    trials.flatMap(({ naming, outcome }: Trial) => {
      if (naming === undefined || outcome.kind !== 'proxied') return [];
      return backendOf(configuration, outcome) ?? [];
    }),
  );
}
