import type { Report, Severity } from '../finding.ts';
import { describe, type Ground, headOf } from '../ground.ts';
import { setsGate } from '../model/gate-name.ts';
import { compareGatePlaces, type GateAt, renderGatePlace } from '../model/gate-table.ts';
import { backendOf } from '../model/protection.ts';
import { renderRequest, type Trial } from '../model/trials.ts';
import type { Rule } from '../rule.ts';

/** Postern is told what the client asked for; `rewrite` changes what it gets. */
export const rewrittenPlace: Rule = {
  code: 'PD036',
  title: 'A rewrite leads from the place of one gate to that of another',
  severities: ['fault', 'warning', 'notice'],
  *find(ground) {
    const seen = new Set<string>();
    for (const trial of ground.trials) {
      const report = carried(trial) ?? moved(ground, trial);
      if (report === undefined) continue;
      const { line, column, file } = report.at.place;
      const key = `${report.severity} ${file}:${line}:${column} ${report.about}`;
      if (seen.has(key)) continue;
      seen.add(key);
      yield report;
    }
  },
};

/** `set $postern_gate` ran in a location that the request has left. */
function carried({ end, location, naming, server }: Trial): Report | undefined {
  const rewrite = end.moves.findLast(({ args }) => args[2] !== 'break');
  if (naming?.by !== 'variable' || location === undefined || rewrite === undefined)
    return undefined;
  const own = [end.view, location, server].some((scope) =>
    scope.own('set').some((line) => setsGate(line) && line.args[0] !== line.args[1]),
  );
  if (own) return undefined;
  return {
    severity: end.certain ? 'fault' : 'warning',
    at: rewrite,
    about: describe(location),
    because: [headOf(location)],
    meaning: `What set gave a variable stays when a request moves on: it comes to ${describe(location)}, which names no gate, as one of gate ${naming.name}, and is judged by the rules of ${naming.name}.`,
    change: `Name the gate in ${describe(location)} too: include gates/NAME.conf there, which no variable changes.`,
  };
}

function moved(ground: Ground, trial: Trial): Report | undefined {
  const { end, naming, at, host, location, path } = trial;
  const uri = end.environment.get('uri');
  const rewrite = end.moves.at(-1);
  if (ground.gates === undefined || rewrite === undefined || location === undefined) {
    return undefined;
  }
  if (naming?.by !== 'place' || at === undefined || uri === undefined || uri === path) {
    return undefined;
  }
  const there = ground.gates.at(host, uri);
  if (there === undefined || there.gate === at.gate) return undefined;
  if (ground.gates.isPublic(there.gate, uri)) return undefined;
  if (!isServedDirectly(ground, trial, there)) return undefined;
  return {
    severity: severityOf(trial, at, there),
    at: rewrite,
    about: describe(location),
    because: [headOf(location)],
    meaning: `Postern judges what the client asked for: ${renderRequest(trial)} is at gate ${at.gate.name} (${renderGatePlace(at.place)}), and what it gets is ${uri}, which is at gate ${there.gate.name} (${renderGatePlace(there.place)}). The rules of ${there.gate.name} are not asked.`,
    change: `Give the way in the gate of where it leads: add ${startOf(path, uri)} to the paths of ${there.gate.name}, or have the location that serves it name its gate (include gates/${there.gate.name}.conf). Or redirect the client instead: rewrite … permanent.`,
  };
}

/** Asked by its own path, it is the same location or backend that answers. */
function isServedDirectly(
  { configuration, trials }: Ground,
  { server, host, location, end }: Trial,
  there: GateAt,
): boolean {
  const backend = end.kind === 'proxied' ? backendOf(configuration, end) : undefined;
  return trials.some(
    (one) =>
      one.server === server &&
      one.host === host &&
      one.at?.gate === there.gate &&
      one.naming !== undefined &&
      (one.location === location ||
        (backend !== undefined &&
          one.end.kind === 'proxied' &&
          backendOf(configuration, one.end) === backend)),
  );
}

function severityOf({ end }: Trial, at: GateAt, there: GateAt): Severity {
  // Whoever passed the narrower gate has met stricter rules, as a rule.
  if (compareGatePlaces(at.place, there.place) < 0) return 'notice';
  return end.certain ? 'fault' : 'warning';
}

/** What a path has before the part that stays: `/v1/admin` for `/v1/admin/x` and `/admin/x`. */
function startOf(path: string, uri: string): string {
  const short = path.replace(/\/(x|-x)?$/, '');
  return short === '' || !path.endsWith(uri) ? path : short;
}
