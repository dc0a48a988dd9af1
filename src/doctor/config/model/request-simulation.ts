import type { Configuration } from './configuration.ts';
import type { AuthAnswer, Outcome } from './outcome.ts';
import { RequestPhases } from './request-phases.ts';
import type { Scenario } from './scenario.ts';
import type { Scope } from './scope.ts';
import { settleOutcomes } from './settle-outcomes.ts';

/** Simulates a request that nginx has given to a location, to all outcomes that it may have. */
export function simulate(
  configuration: Configuration,
  location: Scope,
  scenario: Scenario,
  answer: AuthAnswer,
): readonly Outcome[] {
  const server = location.nearest('server');
  if (server === undefined) return [];
  const simulation = new RequestPhases({ configuration, server, scenario, answer });
  return settleOutcomes(configuration, simulation.startIn(location));
}

/** A request of which host and path are known. */
export interface KnownRequest {
  readonly host: string;
  readonly path: string;
}

/** Simulates a request from where it comes to a server, to all outcomes that it may have. */
export function simulateRequest(
  configuration: Configuration,
  server: Scope,
  request: KnownRequest,
  options: { readonly scenario: Scenario; readonly answer: AuthAnswer },
): readonly Outcome[] {
  const { scenario, answer } = options;
  const simulation = new RequestPhases({ configuration, server, scenario, answer });
  return settleOutcomes(configuration, simulation.start(request));
}
