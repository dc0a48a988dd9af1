import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { type Analysis, describe, headOf } from '../analysis.ts';
import type { Report } from '../finding.ts';
import { isMark, markVariable, posternAuth, setsGate } from '../model/gate-name.ts';
import type { Scope } from '../model/scope.ts';
import { locationsIn } from '../model/trial-paths.ts';
import { renderRequest } from '../model/trials.ts';
import type { Rule } from '../rule.ts';

/** `auth_request` is inherited, `set` and `if` are not. */
export const lostName: Rule = {
  code: 'PD037',
  title: 'Postern is asked where the lines that belong to the question do not run',
  severities: ['fault', 'warning'],
  *find(analysis) {
    for (const server of analysis.configuration.servers) {
      for (const location of locationsIn(server)) yield* findInside(analysis, location);
    }
    yield* findSkipped(analysis);
  },
};

/** Blocks in a location that ask because the location does. */
function* findInside(analysis: Analysis, location: Scope): Generator<Report> {
  const auth = location.own('auth_request').at(-1);
  if (auth?.args[0] !== posternAuth) return;
  const name = nameIn(location);
  const mark = location.own('set').find(isMark);
  for (const block of inheriting(location)) {
    const where = block.kind === 'limit_except' ? location : block;
    yield {
      severity:
        mark !== undefined || (name !== undefined && isElsewhere(analysis, where, name))
          ? 'fault'
          : 'warning',
      at: headOf(block),
      about: describe(block.kind === 'limit_except' ? location : block),
      because: name === undefined ? [auth] : [name, auth],
      meaning: `${block.kind === 'limit_except' ? 'Requests of the methods that limit_except does not list are' : 'A nested location is'} asked about by the auth_request around, but set and if are not inherited and do not run here. ${consequence(mark, name)}`,
      change: changeFor(block, name),
    };
  }
}

function consequence(mark: Directive | undefined, name: Directive | undefined): string {
  if (mark !== undefined) return 'Postern sees that and denies every request (malformed_request).';
  if (name === undefined)
    return 'A token in the query is not taken out of the URI: the backend and its log get it.';
  return `The name ${name.args[1]} is lost: Postern goes by host and path, or denies, depending on the version of its files.`;
}

function changeFor(block: Scope, name: Directive | undefined): string {
  const file = `gates/${name?.args[1] ?? 'NAME'}.conf`;
  return block.kind === 'limit_except'
    ? `Name the gate by the question, which limit_except inherits: include ${file} in the place of ${name === undefined ? '' : 'set $postern_gate and '}postern-location.conf.`
    : `Include postern-location.conf, or ${file}, in this location too. A gate that ${file} names around it is inherited; the rest of the file is not, where this location has proxy_set_header lines of its own.`;
}

function nameIn(location: Scope): Directive | undefined {
  return location
    .own('set')
    .findLast((line) => setsGate(line) && line.args[0] !== line.args[1] && line.args[1] !== '');
}

function* inheriting(scope: Scope): Generator<Scope> {
  for (const child of scope.children) {
    if (child.own('auth_request').length > 0 || isClosed(child)) continue;
    if (child.kind === 'limit_except' || child.kind === 'location') yield child;
    yield* inheriting(child);
  }
}

/** `limit_except GET { deny all; }` lets nobody through, whatever is asked. */
function isClosed(block: Scope): boolean {
  const denies = block.own('deny').some(({ args }) => args[0] === 'all');
  const isOnly = denies && block.own('allow').length === 0 && block.value('satisfy')?.[0] !== 'any';
  return isOnly || block.own('return').length > 0;
}

/** Host and path say another gate than the name, or there is nothing to compare with. */
function isElsewhere({ gates, trials }: Analysis, location: Scope, name: Directive): boolean {
  if (gates === undefined) return false;
  return trials.some((one) => one.location === location && one.at?.gate.name !== name.args[1]);
}

/** Lines of a location that stand behind a `break`. */
function* findSkipped({ trials }: Analysis): Generator<Report> {
  const seen = new Set<Scope>();
  for (const trial of trials) {
    const { outcome, location, naming } = trial;
    const { question } = outcome;
    if (location === undefined || question?.directive.args[0] !== posternAuth) continue;
    const name = nameIn(location);
    const mark = location.own('set').find(isMark);
    const isNamed =
      name === undefined || (naming?.by === 'variable' && naming.name === name.args[1]);
    const isMarkSet = mark === undefined || Boolean(question.environment.get(markVariable));
    const line = isNamed ? mark : name;
    if ((isNamed && isMarkSet) || line === undefined || seen.has(location)) continue;
    if (naming?.by === 'unknown' || (isNamed && !question.environment.has('uri'))) continue;
    seen.add(location);
    const stop = outcome.moves.at(-1) ?? location.own('break').at(-1);
    yield {
      severity: outcome.certain ? 'fault' : 'warning',
      at: stop ?? line,
      about: describe(location),
      because: [line],
      meaning: `break, and rewrite … break, end the rewrite phase: no set and no if below them runs, and auth_request asks all the same. ${renderRequest(trial)} comes here so. ${consequence(mark, name)}`,
      change: 'Put rewrite … break, and break, below the include of Postern’s file.',
    };
  }
}
