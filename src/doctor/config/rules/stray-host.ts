import { describe, headOf } from '../analysis.ts';
import { renderGatePlace } from '../model/gate-table.ts';
import type { Scope } from '../model/scope.ts';
import { renderRequest } from '../model/trials.ts';
import { namesOf } from '../model/virtual-host.ts';
import type { Rule } from '../rule.ts';

/** nginx gives every host that it does not know to the default server. */
export const strayHost: Rule = {
  code: 'PD038',
  title: 'A client chooses the gate by a host that no server names',
  severities: ['warning', 'notice'],
  needsGates: true,
  *find({ configuration, trials, strayTrials }) {
    const own = Map.groupBy(trials, ({ server }) => server);
    const seen = new Set<Scope>();
    for (const trial of strayTrials) {
      const { server, host, location, naming, at, outcome } = trial;
      if (naming?.by !== 'place' || at === undefined || location === undefined) continue;
      const usual = own
        .get(server)
        ?.find((one) => one.location === location && one.naming?.by === 'place' && one.at);
      if (usual?.at === undefined || usual.at.gate === at.gate || seen.has(server)) continue;
      seen.add(server);
      yield {
        // Other pieces of the configuration may name the host.
        severity: configuration.isFragment ? 'notice' : 'warning',
        at: server.own('server_name').at(-1) ?? headOf(server),
        about: describe(server),
        because: [
          headOf(location),
          ...(outcome.question === undefined ? [] : [outcome.question.directive]),
        ],
        meaning: `This is the default server of its address${configuration.isFragment ? ', as far as this piece of the configuration tells,' : ''} and answers for every host that no server there names. Whoever sends Host: ${host} gets what ${describe(location)} serves, and is judged by gate ${at.gate.name} (${renderGatePlace(at.place)}) and not by ${usual.at.gate.name}: ${renderRequest(trial)}.`,
        change: `Put a default server before it that serves nobody: server { listen … default_server; return 444; }. Or name the gate in the locations of ${namesOf(server)[0]} (include gates/NAME.conf).`,
      };
    }
  },
};
