import type { Config } from '../../config/config.ts';
import type { Events } from '../../core/model/events.ts';
import { version } from '../../lib/resources.ts';
import type { StoreMeter } from '../../store/port/store.ts';
import type { TokenCount } from '../../store/port/tokens.ts';
import { countDecisions } from './decisions.ts';
import { createGateLabels } from './gate-labels.ts';
import { createHealthMetrics } from './health.ts';
import { createMetricRegistry, type MetricRegistry } from './metric-registry.ts';
import type { Family } from './snapshot.ts';
import { measureStore } from './store-meter.ts';
import { createTokenCounts } from './token-counts.ts';

/** A request to the admin listener, after its response. */
export interface AdminRequest {
  /** Route template; undefined where no route matched. */
  readonly route: string | undefined;
  readonly method: string;
  readonly status: number;
}

/** Metrics of this process. */
export interface Metrics {
  /** Events to subscribe to. */
  readonly events: Partial<Events>;
  /** Meter for the store. */
  readonly store: StoreMeter;
  /** Registers metrics of other services. */
  readonly registry: MetricRegistry;
  /** Applies a new configuration. */
  applyConfig(config: Pick<Config, 'gates' | 'jwtIssuers'>): void;
  /**
   * Registers the token gauge, with a function that counts tokens at a scrape. Only one process per
   * store does this.
   */
  countTokens(
    count: (now: number) => Promise<readonly TokenCount[]>,
    failed: (error: unknown) => void,
  ): void;
  countAdminRequest(request: AdminRequest): void;
  /** Counts a request to the admin API without a valid key. */
  countAdminAuthFailure(): void;
  /** The current values of all metrics. */
  families(): Promise<Family[]>;
}

/** Methods that get a label of their own; all others share one. */
const methods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Creates and registers the metrics. `clock` returns Unix time in milliseconds. */
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
  // With several workers the primary adds its own value.
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
