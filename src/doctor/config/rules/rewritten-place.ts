import { type Analysis, describe, headOf } from '../analysis.ts';
import type { Report } from '../finding.ts';
import { ownOrAround } from '../model/content.ts';
import { isMark, markVariable, setsGate } from '../model/gate-name.ts';
import { compareGatePlaces, type GateAt, renderGatePlace } from '../model/gate-table.ts';
import { backendOf } from '../model/protection.ts';
import type { Scope } from '../model/scope.ts';
import { renderRequest, type Trial } from '../model/trials.ts';
import type { Rule } from '../rule.ts';

/** Postern is told what the client asked for; `rewrite` changes what it gets. */
export const rewrittenPlace: Rule = {
  code: 'PD036',
  title: 'A path is rewritten to the place of another gate',
  severities: ['fault', 'warning', 'notice'],
  *find(analysis) {
    const seen = new Set<string>();
    for (const trial of analysis.trials) {
      const report = carried(trial) ?? moved(analysis, trial);
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
function carried({ outcome, location, naming, server }: Trial): Report | undefined {
  const rewrite = outcome.moves.findLast(({ args }) => args[2] !== 'break');
  if (naming?.by !== 'variable' || location === undefined || rewrite === undefined)
    return undefined;
  const own = [outcome.view, location, server].some((scope) =>
    scope.own('set').some((line) => setsGate(line) && line.args[0] !== line.args[1]),
  );
  if (own) return undefined;
  return {
    severity: outcome.certain ? 'fault' : 'warning',
    at: rewrite,
    about: describe(location),
    because: [headOf(location)],
    meaning: `What set gave a variable stays when a request moves on: it comes to ${describe(location)}, which names no gate, as one of gate ${naming.name}, and is denied (ambiguous_path) where that is the place of another gate. Files of before tell Postern less: there it is judged by the rules of ${naming.name}.`,
    change: `Name the gate in ${describe(location)} too: include gates/NAME.conf there, which no variable changes.`,
  };
}

function moved(analysis: Analysis, trial: Trial): Report | undefined {
  const { outcome, naming, at, host, location, path, served } = trial;
  const { gates } = analysis;
  const line = outcome.moves.at(-1) ?? ownOrAround(outcome.view, 'proxy_pass');
  if (gates === undefined || line === undefined || location === undefined) return undefined;
  if (naming?.by !== 'place' || at === undefined) return undefined;
  const told = outcome.question?.environment.get(markVariable);
  // The line by which Postern is told did not run, and nobody is let in: PD037.
  const isUntold = !told && hasMark(location);
  const base = { at: line, about: describe(location), because: [headOf(location)] };
  const severity = outcome.certain ? 'fault' : 'warning';
  const there = told ? gates.at(host, told) : undefined;
  if (told && there?.gate !== at.gate) {
    return {
      ...{ ...base, severity },
      meaning: `Postern compares what the client asked for with what nginx made of it. ${renderRequest(trial)} is at gate ${at.gate.name} (${renderGatePlace(at.place)}), and the location is chosen by ${told}, which is ${there === undefined ? 'at no gate' : `at gate ${there.gate.name} (${renderGatePlace(there.place)})`}: every such request is denied (ambiguous_path).`,
      change: changeFor(trial, there),
    };
  }
  if (served === undefined || served === path) return undefined;
  const got = gates.at(host, served);
  if (got === undefined || got.gate === at.gate || gates.isPublic(got.gate, served)) {
    return undefined;
  }
  if (!isServedDirectly(analysis, trial, got)) return undefined;
  return {
    ...base,
    // Whoever passed the narrower gate has met stricter rules, as a rule.
    severity:
      compareGatePlaces(at.place, got.place) < 0 ? 'notice' : isUntold ? 'warning' : severity,
    meaning: `${renderRequest(trial)} is at gate ${at.gate.name} (${renderGatePlace(at.place)}), and the backend gets ${served}, which is at gate ${got.gate.name} (${renderGatePlace(got.place)}) for whoever asks for it directly. The rules of ${got.gate.name} are not asked.${isUntold ? ' So far nobody gets there, since the lines that belong to the question do not run (PD037); as soon as they are there, or with older files of Postern, it is so.' : ''}`,
    change: changeFor(trial, got),
  };
}

/** Where the question comes from, Postern's file tells the URI. */
function hasMark(location: Scope): boolean {
  const asking = [...location.chain()].find((scope) => scope.own('auth_request').length > 0);
  return asking?.own('set').some(isMark) === true;
}

function changeFor({ path, served }: Trial, there: GateAt | undefined): string {
  const name = there?.gate.name ?? 'NAME';
  return `Name the gate in the location (include gates/${name}.conf): then neither path chooses it. Or add ${startOf(path, served ?? path)} to the paths of ${name}, or redirect the client (rewrite … permanent), who then asks by the right path.`;
}

/** Asked by its own path, it is the same location or backend that answers. */
function isServedDirectly(
  { configuration, trials }: Analysis,
  { server, host, outcome }: Trial,
  there: GateAt,
): boolean {
  const backend = outcome.kind === 'proxied' ? backendOf(configuration, outcome) : undefined;
  if (backend === undefined) return false;
  return trials.some(
    (one) =>
      one.server === server &&
      one.host === host &&
      one.path === one.served &&
      one.at?.gate === there.gate &&
      one.naming !== undefined &&
      one.outcome.kind === 'proxied' &&
      backendOf(configuration, one.outcome) === backend,
  );
}

/** What a path has before the part that stays: `/v1/admin` for `/v1/admin/x` and `/admin/x`. */
function startOf(path: string, uri: string): string {
  const short = path.replace(/\/(x|-x)?$/, '');
  return short === '' || !path.endsWith(uri) ? path : short;
}
