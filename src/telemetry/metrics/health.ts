import type { Config } from '../../config/config.ts';
import type { BridgeCall, Events } from '../../core/model/events.ts';
import type { MetricSet } from './metric-set.ts';

/** What issuers and sign-on services are like, as far as Postern met them. */
export interface Health {
  readonly events: Pick<Events, 'issuerLoaded' | 'issuerFailed' | 'bridgeAsked'>;
  /** Forgets those that the configuration does not name any more. */
  configured(config: Pick<Config, 'jwtIssuers'>): void;
}

/** What is known of an issuer's keys. */
interface Keys {
  readonly isUp: boolean;
  /** Unix milliseconds; undefined when they could never be had. */
  readonly lastSuccess: number | undefined;
}

/** Begins the metrics of issuers and sign-on services. */
export function watchHealth(set: MetricSet, clock: () => number): Health {
  const issuers = new Map<string, Keys>();
  /** By service, then by bridge: gates may have different ones of the same kind. */
  const services = new Map<string, Map<number, boolean>>();
  const jwksFailures = set.counter('jwksFailures');
  const bridgeFailures = set.counter('bridgeFailures');
  const bridgeDuration = set.histogram('bridgeDuration');
  set.gauge('jwksUp', () =>
    [...issuers].map(([issuer, { isUp }]) => ({ labels: { issuer }, value: isUp ? 1 : 0 })),
  );
  set.gauge('jwksLastSuccess', () =>
    [...issuers].flatMap(([issuer, { lastSuccess }]) =>
      lastSuccess === undefined ? [] : [{ labels: { issuer }, value: lastSuccess / 1_000 }],
    ),
  );
  set.gauge('bridgeUp', () =>
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
      },
    },
    configured({ jwtIssuers }) {
      const names = new Set(jwtIssuers.map(({ name }) => name));
      for (const name of issuers.keys()) if (!names.has(name)) issuers.delete(name);
      // Those that are still asked are known again with the next question.
      services.clear();
    },
  };
}
