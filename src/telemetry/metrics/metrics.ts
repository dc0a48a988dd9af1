import type { Config } from '../../config/config.ts';
import type { Events } from '../../core/model/events.ts';
import { version } from '../../lib/resources.ts';
import type { StoreMeter, TokenCount } from '../../store/port.ts';
import { countDecisions } from './decisions.ts';
import { createGateLabels } from './gate-labels.ts';
import { watchHealth } from './health.ts';
import { createMetricSet, type MetricSet } from './metric-set.ts';
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
  readonly set: MetricSet;
  /** This configuration is in force. */
  configured(config: Pick<Config, 'gates' | 'jwtIssuers'>): void;
  /** Has the tokens counted by this function, at scrapes. One process does that for all on a store. */
  countTokens(
    count: (now: number) => Promise<readonly TokenCount[]>,
    failed: (error: unknown) => void,
  ): void;
  adminAnswered(request: AdminRequest): void;
  /** A request to the admin API had no key that is good. */
  adminNotAuthenticated(): void;
  /** Everything as it is now. */
  families(): Promise<Family[]>;
}

/** Methods that routes have; what else a client thinks of is one. */
const methods: readonly string[] = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'];

/** Begins all metrics. `clock` tells Unix time in milliseconds. */
export function createMetrics(clock: () => number): Metrics {
  const set = createMetricSet();
  const gates = createGateLabels();
  const health = watchHealth(set, clock);
  const issued = set.counter('tokensIssued');
  const revoked = set.counter('tokensRevoked');
  const pruned = set.counter('tokensPruned');
  const adminRequests = set.counter('adminRequests');
  const adminFailures = set.counter('adminAuthenticationFailures');
  const reloadFailures = set.counter('reloadFailures');
  const faults = set.counter('faults');
  // Where there are workers, whoever watches over them adds its own number.
  set.counter('workerRestarts');
  let lastPrune: number | undefined;
  let reloaded = { at: clock(), isGood: true };
  let refresh = async () => {};

  const one = (value: number | undefined) =>
    value === undefined ? [] : [{ labels: {}, value } as const];
  set.gauge('lastPrune', () => one(lastPrune && lastPrune / 1_000));
  set.gauge('reloadSuccessful', () => one(reloaded.isGood ? 1 : 0));
  set.gauge('lastReload', () => one(reloaded.at / 1_000));
  set.gauge('workers', () => one(1));
  set.gauge('buildInfo', () => [{ labels: { version }, value: 1 }]);

  return {
    set,
    events: {
      ...health.events,
      decided: countDecisions(set, gates),
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
    store: measureStore(set),
    configured(config) {
      gates.configured(config.gates.map(({ name }) => name));
      health.configured(config);
    },
    countTokens(count, failed) {
      const counts = createTokenCounts({ count, failed, clock });
      set.gauge('tokens', () =>
        counts
          .latest()
          .map(({ kind, state, count }) => ({ labels: { kind, state }, value: count })),
      );
      refresh = counts.refresh;
    },
    adminAnswered({ route = 'unmatched', method, status }) {
      const known = methods.includes(method) ? method : 'other';
      adminRequests.add({ route, method: known, status: String(status) });
    },
    adminNotAuthenticated: () => adminFailures.add({}),
    async families() {
      await refresh();
      return set.families();
    },
  };
}
