import type { Config } from '../config/config.ts';
import type { Events } from '../core/model/events.ts';
import { createIssuerKeyring, type IssuerKeyring } from '../jwt/issuer-keys.ts';
import { type Bridges, createBridgePool } from '../sign-on/bridge-pool.ts';
import type { Tracing } from '../telemetry/tracing/tracing.ts';

/** Clients of remote services: JWKS of issuers and sign-on services. They survive a reload that does not change them. */
export interface RemoteServices {
  readonly issuerKeys: IssuerKeyring;
  bridgesOf(config: Pick<Config, 'defaultGate' | 'gates'>): Bridges;
  /** Closes clients that this configuration does not use; resolves when their requests are over. */
  keepOnly(config: Pick<Config, 'defaultGate' | 'gates' | 'jwtIssuers'>): Promise<void>;
  close(): Promise<void>;
}

/** Builds it without any client. */
export function createRemoteServices(
  events: Events,
  /** Undefined without tracing. */
  tracing?: Tracing,
): RemoteServices {
  const issuerKeys = createIssuerKeyring({
    report: events.issuerFailed,
    loaded: events.issuerLoaded,
    ...(tracing && {
      load: (issuer, work) => tracing.span({ name: 'postern.jwks', issuer }, work),
    }),
  });
  const bridges = createBridgePool({
    onHealthChange: events.bridgeChanged,
    onRequest: events.bridgeAsked,
  });
  const allOf = ({ defaultGate, gates }: Pick<Config, 'defaultGate' | 'gates'>) => [
    defaultGate,
    ...gates,
  ];
  return {
    issuerKeys,
    bridgesOf: (config) => bridges.forGates(allOf(config)),
    keepOnly(config) {
      issuerKeys.keepOnly(config.jwtIssuers);
      return bridges.retireOthers(allOf(config));
    },
    close: bridges.close,
  };
}
