import { createAdminKeys } from '../admin-keys/service.ts';
import { createAnswer } from '../admission/answer.ts';
import { createDecideHandshake } from '../admission/decide-handshake.ts';
import { createExplain } from '../admission/explain.ts';
import { createGateList } from '../admission/gate-list.ts';
import { createAssertions } from '../assertions/service.ts';
import type { Config } from '../config/config.ts';
import type { DecisionPorts } from '../core/decision/context.ts';
import { redemptionEntry } from '../core/decision/redemption-entry.ts';
import { createCatchAllRouter, createGateRouter } from '../core/gate/gate-router.ts';
import type { Events } from '../core/model/events.ts';
import { credentialSources } from '../credentials/index.ts';
import { redeemJwt } from '../jwt/jwt-use.ts';
import { createJwtRevocations } from '../jwt/revocations.ts';
import { createJwtVerifier } from '../jwt/verify.ts';
import { mapMaybePromise } from '../lib/maybe-promise.ts';
import { createIntrospection } from '../oauth/introspection.ts';
import { createSessions } from '../sessions/service.ts';
import type { Store } from '../store/port/store.ts';
import type { Tracing } from '../telemetry/tracing/tracing.ts';
import type { ThrottleService } from '../throttle/service.ts';
import { createTokenService } from '../tokens/service.ts';
import { createOpaqueVerifier, redeemOpaque } from '../tokens/verify.ts';
import type { RemoteServices } from './remote-services.ts';
import { traceAnswer, tracePorts } from './trace-ports.ts';

/** Builds the services that depend on the configuration. A reload builds them anew. */
export function createServices(
  config: Config,
  deps: {
    store: Store;
    events: Events;
    throttle: ThrottleService;
    remoteServices: RemoteServices;
    clock: () => number;
    /** Undefined without tracing. */
    tracing?: Tracing | undefined;
  },
) {
  const { store, events, throttle, remoteServices, clock, tracing } = deps;
  const gates =
    config.gates.length > 0
      ? createGateRouter(config.gates)
      : createCatchAllRouter((name) => ({
          ...config.defaultGate,
          name,
          throttleGateName: name,
          hosts: [],
          paths: [],
        }));
  const bridges = remoteServices.bridgesOf(config);
  const verifyJwt = createJwtVerifier({
    issuers: config.jwtIssuers,
    keyring: remoteServices.issuerKeys,
    store: store.jwts,
  });
  const verifyOpaque = createOpaqueVerifier(store);
  const untraced: DecisionPorts = {
    sources: credentialSources,
    verify: (credential, now, mayDoExpensiveWork) =>
      mapMaybePromise(
        verifyJwt(credential, now, mayDoExpensiveWork),
        (known) => known ?? verifyOpaque(credential, now, mayDoExpensiveWork),
      ),
    bridgeOf: bridges.forGate,
    redeem(identity, use) {
      const entry = redemptionEntry(identity, use);
      return identity.jwt === undefined
        ? redeemOpaque(store.tokens, identity, use.now, entry)
        : redeemJwt(store.jwts, identity, use.now, entry);
    },
    throttle: throttle.port,
  };
  const ports = tracing === undefined ? untraced : tracePorts(untraced, tracing);
  const decideHandshake = createDecideHandshake({
    gates,
    ports,
    dryThrottle: throttle.dryPort,
    events,
    clock,
  });
  const sessions = createSessions({
    store: store.tokens,
    config: config.sessions,
    ports,
    events,
    clock,
  });
  const assertions = createAssertions({
    store: store.signingKeys,
    dataDir: config.dataDir,
    ...config.assertion,
    clock,
  });
  const answer = createAnswer({
    decideHandshake,
    renew: sessions.renew,
    touch: (id, now) => store.tokens.touch(id, now),
    assert: assertions.issue,
    events,
    clock,
  });
  return {
    config,
    gates,
    bridges,
    sessions,
    assertions,
    answer: tracing === undefined ? answer : traceAnswer(answer, tracing),
    explain: createExplain({ decideHandshake, clock }),
    gateList: createGateList(config),
    tokens: createTokenService({ store: store.tokens, limits: config, events, clock }),
    introspect: createIntrospection({ findGate: gates.byName, ports, clock }),
    jwts: createJwtRevocations({
      issuers: config.jwtIssuers,
      store: store.jwts,
      verifyJwt,
      events,
      clock,
    }),
    adminKeys: createAdminKeys({
      store: store.adminKeys,
      configured: config.admin.key,
      events,
      clock,
    }),
  };
}

/** The services of one configuration. */
export type Services = ReturnType<typeof createServices>;
