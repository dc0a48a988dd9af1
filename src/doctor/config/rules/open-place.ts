import { describe, type Ground, headOf, unreadAround } from '../analysis.ts';
import { asksForPassword, programIn } from '../model/content.ts';
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
  *find(ground) {
    const { gates, configuration } = ground;
    if (gates === undefined) return;
    const known = protectedBackends(ground);
    const seen = new Set<Scope>();
    for (const trial of ground.trials) {
      const { at, end, location, path } = trial;
      const scope = location ?? trial.server;
      if (at === undefined || end.question !== undefined || seen.has(scope)) continue;
      // Postern's own places, and what the gate opens for everybody.
      if (isPosterns(location) || unreadAround(scope) !== undefined) continue;
      if (gates.isPublic(at.gate, path)) continue;
      const backend = end.kind === 'proxied' ? backendOf(configuration, end) : undefined;
      const handler = end.kind === 'handled' ? end.by : undefined;
      const isFile =
        end.kind === 'handled' && (handler === undefined || handler.name === 'try_files');
      const isOtherwiseAsked = asksForPassword(end.view) || programIn(end.view) !== undefined;
      const isSame = backend !== undefined && known.has(backend);
      seen.add(scope);
      const [off] = scope.effective('auth_request');
      const isCertain = end.certain && isSame && !isOtherwiseAsked;
      yield {
        severity: isCertain ? 'fault' : isFile ? 'notice' : 'warning',
        at: off ?? headOf(scope),
        about: describe(scope),
        because: end.trail.filter(({ name }) => name === 'proxy_pass'),
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

function isPosterns(location: Scope | undefined): boolean {
  const match = location?.match;
  return match !== undefined && 'path' in match && match.path.startsWith('/.postern');
}

/** Backends that somebody reaches by way of Postern, on any server. */
export function protectedBackends({ configuration, trials }: Ground): ReadonlySet<string> {
  return new Set(
    trials.flatMap(({ naming, end }: Trial) => {
      if (naming === undefined || end.kind !== 'proxied') return [];
      return backendOf(configuration, end) ?? [];
    }),
  );
}
