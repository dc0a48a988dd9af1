import type { Gate } from '../../../core/gate/gate.ts';
import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { type Analysis, describe } from '../analysis.ts';
import type { Report } from '../finding.ts';
import { setsGate } from '../model/gate-name.ts';
import {
  compareGatePlaces,
  examplePath,
  type GateAt,
  placeAt,
  placesOf,
  renderGatePlace,
} from '../model/gate-table.ts';
import type { Scope } from '../model/scope.ts';
import { renderRequest, type Trial } from '../model/trials.ts';
import type { Rule } from '../rule.ts';

/** nginx names one gate, and the path is another one's. */
export const otherGate: Rule = {
  code: 'PD030',
  title: 'A location names another gate than its host and path belong to',
  severities: ['fault', 'warning'],
  needsGates: true,
  *find(analysis) {
    const seen = new Set<string>();
    for (const trial of analysis.trials) {
      const { naming, location } = trial;
      if (naming === undefined || location === undefined) continue;
      if (naming.by !== 'question' && naming.by !== 'variable') continue;
      const at = namingLine(trial, location);
      // A name that came along from another location is PD036.
      if (at === undefined) continue;
      const report = judge(analysis, trial, location, naming.name, at);
      const key = `${report?.severity} ${report?.about} ${naming.name} ${trial.at?.gate.name}`;
      if (report === undefined || seen.has(key)) continue;
      seen.add(key);
      yield report;
    }
  },
};

function judge(
  analysis: Analysis,
  trial: Trial,
  location: Scope,
  name: string,
  at: Directive,
): Report | undefined {
  const { host, path, outcome } = trial;
  const about = describe(location);
  const gate = analysis.gates?.named(name);
  if (analysis.gates === undefined) return undefined;
  if (gate === undefined) {
    const known = analysis.gates.gates.map((one) => one.name).join(', ');
    return {
      severity: outcome.certain ? 'fault' : 'warning',
      at,
      about,
      meaning: `There is no gate ${name}: every request here is denied (no_gate).`,
      change: `Write the name of one of the gates: ${known}. Or add ${name} to gates.`,
    };
  }
  const meant = trial.at;
  if (meant === undefined || meant.gate === gate) return undefined;
  const own = placeAt(gate, host, path);
  if (own !== undefined ? compareGatePlaces(meant.place, own) < 0 : isInside(location, meant)) {
    return {
      severity: outcome.certain ? 'fault' : 'warning',
      at,
      about,
      meaning: `${renderRequest(trial)} is at gate ${meant.gate.name} (${renderGatePlace(meant.place)}), but nginx names ${name} here and that decides: the rules of ${meant.gate.name} are never asked for it.`,
      change: `Give ${examplePath(meant.place.path)} a location of its own that includes gates/${meant.gate.name}.conf, or take the name away here: include postern-location.conf, and host and path decide.`,
    };
  }
  if (
    own !== undefined ||
    placesOf(gate).length === 0 ||
    isAtHome(analysis, trial, location, gate)
  ) {
    return undefined;
  }
  return {
    severity: 'warning',
    at,
    about,
    meaning: `Gate ${name} is at ${placesOf(gate).map(renderGatePlace).join(', ')} and at none of the paths of this location; by host and path this is gate ${meant.gate.name}. What nginx names counts, so requests here are judged by the rules of ${name}.`,
    change: `If that is a slip, include gates/${meant.gate.name}.conf. If it is meant, add the place to gate ${name}, or say so: # postern-doctor: allow PD030 <why>.`,
  };
}

/** The line by which a location names its gate; undefined where the name came from elsewhere. */
function namingLine({ naming, outcome }: Trial, location: Scope): Directive | undefined {
  if (naming?.by === 'question') return outcome.question?.directive;
  const scopes = [outcome.view, location, location.nearest('server')];
  for (const scope of scopes) {
    const line = scope?.own('set').findLast(setsGate);
    if (line !== undefined && line.args[1] !== line.args[0]) return line;
  }
  return undefined;
}

/** The place of a gate begins in this location, and not around it. */
function isInside({ match }: Scope, { place }: GateAt): boolean {
  if (match === undefined || !('path' in match)) return false;
  const path = examplePath(place.path);
  return path.startsWith(match.path) && path !== match.path && `${path}/` !== match.path;
}

/** Some path of the location, or of what its backend gets, is at the gate that is named in it. */
function isAtHome(
  { trials }: Analysis,
  { server, host }: Trial,
  location: Scope,
  gate: Gate,
): boolean {
  return trials.some(
    (one) =>
      one.location === location &&
      one.server === server &&
      one.host === host &&
      (one.at?.gate === gate ||
        (one.served !== undefined && placeAt(gate, host, one.served) !== undefined)),
  );
}
