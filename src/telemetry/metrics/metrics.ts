import type { Config } from '../../config/config.ts';
import type { Events } from '../../core/model/events.ts';
import { version } from '../../lib/resources.ts';
import type { StoreMeter, TokenCount } from '../../store/port.ts';
import { countDecisions } from './decisions.ts';
import { createGateLabels } from './gate-labels.ts';
import { createHealthMetrics } from './health.ts';
import { createMetricRegistry, type MetricRegistry } from './metric-registry.ts';
import type { Family } from './snapshot.ts';
import { measureStore } from './store-meter.ts';
import { createTokenCounts } from './token-counts.ts';

/** A request that the admin listener answered. */
export interface AdminRequest {
  /** Template of its route; undefined where there is none. */
  readonly route: string | undefined;
  readonly method: string;
  readonly status: number;
}

/** What this process counts and measures, of itself and for no other. */
export interface Metrics {
  /** What it has to hear of. */
  readonly events: Partial<Events>;
  /** What the store has to tell. */
  readonly store: StoreMeter;
  /** For metrics of other services. */
  readonly registry: MetricRegistry;
  /** This configuration is in force. */
  applyConfig(config: Pick<Config, 'gates' | 'jwtIssuers'>): void;
  /** Has the tokens counted by this function, at scrapes. One process does that for all on a store. */
  countTokens(
    count: (now: number) => Promise<readonly TokenCount[]>,
    failed: (error: unknown) => void,
  ): void;
  countAdminRequest(request: AdminRequest): void;
  /** A request to the admin API had no key that is good. */
  countAdminAuthFailure(): void;
  /** Everything as it is now. */
  families(): Promise<Family[]>;
}

/** Methods that routes have; what else a client thinks of is one. */
const methods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Begins all metrics. `clock` tells Unix time in milliseconds. */
export function createMetrics(clock: () => number): Metrics {
  const registry = createMetricRegistry();
  const gates = createGateLabels();
  const health = createHealthMetrics(registry, clock);
  const issued = registry.counter('tokensIssued');
  const revoked = registry.counter('tokensRevoked');
  const pruned = registry.counter('tokensPruned');
  const adminRequests = registry.counter('adminRequests');
  const adminFailures = registry.counter('adminAuthenticationFailures');
  const reloadFailures = registry.counter('reloadFailures');
  const faults = registry.counter('faults');
  // Where there are workers, whoever watches over them adds its own number.
  registry.counter('workerRestarts');
  let lastPrune: number | undefined;
  let reloaded = { at: clock(), isGood: true };
  let refresh = async () => {};

  const single = (value: number | undefined) =>
    value === undefined ? [] : [{ labels: {}, value } as const];
  registry.gauge('lastPrune', () => single(lastPrune && lastPrune / 1_000));
  registry.gauge('reloadSuccessful', () => single(reloaded.isGood ? 1 : 0));
  registry.gauge('lastReload', () => single(reloaded.at / 1_000));
  registry.gauge('workers', () => single(1));
  registry.gauge('buildInfo', () => [{ labels: { version }, value: 1 }]);

  return {
    registry,
    events: {
      ...health.events,
      decided: countDecisions(registry, gates),
      issued: ({ kind }) => issued.add({ kind }),
      sessionOpened: () => issued.add({ kind: 'session' }),
      revoked: () => revoked.add({}),
      revokedAll: (_, count) => revoked.add({}, count),
      pruned(counts) {
        lastPrune = clock();
        for (const [kind, count] of Object.entries(counts)) pruned.add({ kind }, count);
      },
      reloaded() {
        reloaded = { at: clock(), isGood: true };
      },
      notReloaded() {
        reloaded = { ...reloaded, isGood: false };
        reloadFailures.add({});
      },
      failed: () => faults.add({}),
    },
    store: measureStore(registry),
    applyConfig(config) {
      gates.setConfigured(config.gates.map(({ name }) => name));
      health.applyConfig(config);
    },
    countTokens(count, failed) {
      const counts = createTokenCounts({ count, failed, clock });
      registry.gauge('tokens', () =>
        counts
          .latest()
          .map(({ kind, state, count }) => ({ labels: { kind, state }, value: count })),
      );
      refresh = counts.refresh;
    },
    countAdminRequest({ route = 'unmatched', method, status }) {
      const known = methods.includes(method) ? method : 'other';
      adminRequests.add({ route, method: known, status: String(status) });
    },
    countAdminAuthFailure: () => adminFailures.add({}),
    async families() {
      await refresh();
      return registry.families();
    },
  };
}
