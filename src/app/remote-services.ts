import type { Config } from '../config/config.ts';
import type { Events } from '../core/model/events.ts';
import { createIssuerKeyring, type IssuerKeyring } from '../jwt/issuer-keys.ts';
import { type Bridges, createBridgePool } from '../sign-on/bridges.ts';
import type { Tracing } from '../telemetry/tracing/tracing.ts';

/** What is open towards others, and outlives a reload where its settings stay as they are. */
export interface RemoteServices {
  readonly issuerKeys: IssuerKeyring;
  bridgesOf(config: Pick<Config, 'defaultGate' | 'gates'>): Bridges;
  /** Lets go of what this configuration has no use for; resolves when nobody uses that any more. */
  keepOnly(config: Pick<Config, 'defaultGate' | 'gates' | 'jwtIssuers'>): Promise<void>;
  close(): Promise<void>;
}

/** Begins with nothing. */
export function createRemoteServices(
  events: Events,
  /** Undefined where nothing is traced. */
  tracing?: Tracing,
): RemoteServices {
  const issuerKeys = createIssuerKeyring({
    report: events.issuerFailed,
    loaded: events.issuerLoaded,
    ...(tracing && {
      load: (issuer, work) => tracing.part({ name: 'postern.jwks', issuer }, work),
    }),
  });
  const bridges = createBridgePool({ changed: events.bridgeChanged, asked: events.bridgeAsked });
  const allOf = ({ defaultGate, gates }: Pick<Config, 'defaultGate' | 'gates'>) => [
    defaultGate,
    ...gates,
  ];
  return {
    issuerKeys,
    bridgesOf: (config) => bridges.of(allOf(config)),
    keepOnly(config) {
      issuerKeys.keepOnly(config.jwtIssuers);
      return bridges.keepOnly(allOf(config));
    },
    close: bridges.close,
  };
}
