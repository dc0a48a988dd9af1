import type { Config } from '../../config/config.ts';
import type { BridgeCall, Events } from '../../core/model/events.ts';
import type { MetricRegistry } from './metric-registry.ts';

/** Health metrics of JWT issuers and sign-on services. */
export interface HealthMetrics {
  readonly events: Pick<
    Events,
    'issuerLoaded' | 'issuerFailed' | 'bridgeAsked' | 'bridgeRechecked'
  >;
  /** Drops the series of issuers that are no longer configured. */
  applyConfig(config: Pick<Config, 'jwtIssuers'>): void;
}

/** State of an issuer's keys. */
interface IssuerHealth {
  readonly isUp: boolean;
  /** Unix time in milliseconds; undefined if the keys were never loaded. */
  readonly lastSuccess: number | undefined;
}

/** Registers the health metrics. */
export function createHealthMetrics(registry: MetricRegistry, clock: () => number): HealthMetrics {
  const issuers = new Map<string, IssuerHealth>();
  /** By service, then by bridge: gates may use different services of one kind. */
  const services = new Map<string, Map<number, boolean>>();
  const jwksFailures = registry.counter('jwksFailures');
  const bridgeFailures = registry.counter('bridgeFailures');
  const bridgeRechecks = registry.counter('bridgeRechecks');
  const bridgeDuration = registry.histogram('bridgeDuration');
  registry.gauge('jwksUp', () =>
    [...issuers].map(([issuer, { isUp }]) => ({ labels: { issuer }, value: isUp ? 1 : 0 })),
  );
  registry.gauge('jwksLastSuccess', () =>
    [...issuers].flatMap(([issuer, { lastSuccess }]) =>
      lastSuccess === undefined ? [] : [{ labels: { issuer }, value: lastSuccess / 1_000 }],
    ),
  );
  registry.gauge('bridgeUp', () =>
    [...services].map(([service, bridges]) => ({
      labels: { service },
      value: [...bridges.values()].includes(false) ? 0 : 1,
    })),
  );

  return {
    events: {
      issuerLoaded(issuer) {
        issuers.set(issuer, { isUp: true, lastSuccess: clock() });
        jwksFailures.add({ issuer }, 0);
      },
      issuerFailed(issuer) {
        issuers.set(issuer, { isUp: false, lastSuccess: issuers.get(issuer)?.lastSuccess });
        jwksFailures.add({ issuer });
      },
      bridgeAsked({ service, bridge, milliseconds, isAnswered }: BridgeCall) {
        const bridges = services.get(service) ?? new Map<number, boolean>();
        services.set(service, bridges.set(bridge, isAnswered));
        bridgeDuration.series({ service }).observe(milliseconds / 1_000);
        bridgeFailures.add({ service }, isAnswered ? 0 : 1);
        // So that the first recheck is an increase.
        bridgeRechecks.add({ service }, 0);
      },
      bridgeRechecked: ({ service }) => bridgeRechecks.add({ service }),
    },
    applyConfig({ jwtIssuers }) {
      const names = new Set(jwtIssuers.map(({ name }) => name));
      for (const name of issuers.keys()) if (!names.has(name)) issuers.delete(name);
      // A service that is still in use reappears with its next request.
      services.clear();
    },
  };
}
