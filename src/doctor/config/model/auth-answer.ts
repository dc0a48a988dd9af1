import type { Configuration } from './configuration.ts';
import type { AuthAnswer } from './outcome.ts';
import type { Scenario } from './scenario.ts';
import type { Scope } from './scope.ts';
import type { State } from './simulation-state.ts';
import { isYes, Subrequest, type SubrequestOutcome } from './subrequest.ts';

/** The status that auth_request hears, and the state of the request afterwards. */
export interface Heard {
  readonly status: number;
  readonly state: State;
}

/** What a request is simulated in. */
export interface SimulationContext {
  readonly configuration: Configuration;
  readonly server: Scope;
  readonly scenario: Scenario;
  /** What the auth service answers. */
  readonly answer: AuthAnswer;
}

const statusOf: Readonly<Record<AuthAnswer, number>> = { allow: 200, deny: 401, forbid: 403 };

/**
 * What auth_request makes of the answer. The subrequest runs the rewrite directives of the server
 * once more, on the variables of the request, and may be answered before it gets to its location.
 */
export function hearAnswers(
  target: string,
  state: State,
  context: SimulationContext,
): readonly Heard[] {
  const { configuration, server, scenario, answer } = context;
  const { path } = state;
  const subrequest = new Subrequest(configuration, server, target, scenario);
  const known = { variables: path.variables, decisions: path.decisions, certain: true };
  const heard = new Map<string, Heard>();
  for (const outcome of subrequest.simulate(known)) {
    const { statuses, isSure } = statusesFor(outcome, answer);
    const { variables } = outcome.state;
    const values = [...variables].map(([name, { symbol }]) => `${name}=${symbol}`).sort();
    const next = { ...state, path: { ...path, variables }, certain: state.certain && isSure };
    for (const status of statuses) {
      const key = [status, isSure, ...values].join(' ');
      if (!heard.has(key)) heard.set(key, { status, state: next });
    }
  }
  const all = [...heard.values()];
  if (all.length === 1) return all;
  return all.map((one) => {
    const unsure = { ...one.state.path, certain: false };
    return { ...one, state: { ...one.state, path: unsure } };
  });
}

/** What a location says that is meant to answer is taken for the answer, by whatever means it says so. */
function statusesFor(
  outcome: SubrequestOutcome,
  answer: AuthAnswer,
): { statuses: readonly number[]; isSure: boolean } {
  const { diverted, hasGuess, certain, fixed } = outcome.state;
  if (diverted === undefined) return { statuses: [statusOf[answer]], isSure: certain };
  const isOthers = outcome.kind === 'handled' && outcome.by !== undefined && fixed === undefined;
  if (outcome.kind === 'unknown' || isOthers) {
    return { statuses: [...new Set([200, 500, statusOf[answer]])], isSure: false };
  }
  // A file may be missing, and a 404 is no answer: nginx makes a 500 of it.
  const isFile = outcome.kind === 'handled' && fixed === undefined;
  if (isFile) return { statuses: [200, 500], isSure: certain && !hasGuess };
  const said = outcome.kind === 'answered' ? outcome.status : (fixed ?? 200);
  const isAnswer = isYes(outcome) || said === 401 || said === 403;
  return { statuses: [isAnswer ? said : 500], isSure: certain && !hasGuess };
}
