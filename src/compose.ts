import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import type { ListenAddress } from './config/listen-address.ts';
import type { DecisionPorts } from './core/decide.ts';
import { defaultGateName, type Gate } from './core/gate.ts';
import { credentialSources } from './credentials/index.ts';
import { buildAdminApp } from './http/admin-app.ts';
import { buildGateApp } from './http/gate-app.ts';
import { listen } from './http/listen.ts';
import { createAdminKeys, ensureFirstKey, fullKey } from './services/admin-keys.ts';
import { createAnswer } from './services/answer.ts';
import { createAssertions } from './services/assertions.ts';
import { createEvents, type Events } from './services/events.ts';
import { createIntrospection } from './services/introspection.ts';
import { createJwtRevocations } from './services/jwt-revocations.ts';
import { createLogger } from './services/log.ts';
import { type Pruning, startPruning } from './services/pruning.ts';
import { createSessions } from './services/sessions.ts';
import { createTokenService } from './services/tokens.ts';
import { openSqliteStore } from './stores/sqlite/store.ts';
import type { Store } from './stores/store.ts';
import { createJwtVerifier } from './verifiers/jwt.ts';
import { redeemJwt } from './verifiers/jwt-use.ts';
import { redeemOpaque, verifyOpaque } from './verifiers/opaque.ts';

/** A running Postern. */
export interface Postern {
  /** Where nginx asks. */
  readonly gate: ListenAddress;
  /** Where tokens are issued. */
  readonly admin: ListenAddress;
  readonly pruning: Pruning;
  /** Stops accepting, finishes what is in flight, closes the store. */
  close(): Promise<void>;
}

/** Milliseconds that requests in flight get to finish when Postern stops. */
const drainMs = 3_000;

/** Modes of Unix sockets: anybody may ask the gate, which gives nothing away; issuing is for the owner. */
const socketModes = { gate: 0o666, admin: 0o600 } as const;

/**
 * Wires everything together and starts it. `announceAdminKey` gets the admin key that the first
 * start makes. Rejects with OperatorError when something cannot be had.
 */
export async function startPostern(
  config: Config,
  surroundings: {
    readonly log: Logger;
    readonly announceAdminKey: (key: string) => void;
    readonly clock?: () => number;
  },
): Promise<Postern> {
  const { log, announceAdminKey, clock = Date.now } = surroundings;
  const events = createEvents(log);
  const store = openSqliteStore(config.dataDir);
  const opened: { close(): unknown }[] = [store];
  try {
    const parts = createServices(config, { store, events, clock });
    const gateApp = await buildGateApp({
      trustedProxies: config.gate.trustedProxies,
      answer: createAnswer({
        ...parts,
        renew: parts.sessions.renew,
        assert: parts.assertions.issue,
        events,
        clock,
      }),
      assertions: parts.assertions,
      sessions: parts.sessions,
      sessionConfig: config.sessions,
      findGate: parts.findGate,
      events,
    });
    opened.unshift(gateApp);
    if (config.admin.key === undefined) {
      await ensureFirstKey(store.adminKeys, announceAdminKey, clock());
    }
    const adminApp = await buildAdminApp({ ...parts, events, clock, ping: store.ping });
    opened.unshift(adminApp);
    const gate = await listen(gateApp, config.gate.listen, {
      setting: 'gate.listen',
      socketMode: socketModes.gate,
    });
    const admin = await listen(adminApp, config.admin.listen, {
      setting: 'admin.listen',
      socketMode: socketModes.admin,
    });
    const pruning = startPruning({
      store: store.tokens,
      jwts: store.jwts,
      limits: config,
      events,
      clock,
    });
    return {
      gate,
      admin,
      pruning,
      async close() {
        pruning.stop();
        // Whoever has not sent a whole request by then does not get to hold the others up.
        const deadline = setTimeout(() => {
          gateApp.server.closeAllConnections();
          adminApp.server.closeAllConnections();
        }, drainMs);
        await Promise.all([gateApp.close(), adminApp.close()]);
        clearTimeout(deadline);
        await store.close();
      },
    };
  } catch (error) {
    for (const resource of opened) await resource.close();
    throw error;
  }
}

/** Everything that both apps and the command line are made of. */
function createServices(
  config: Config,
  surroundings: { store: Store; events: Events; clock: () => number },
) {
  const { store, events, clock } = surroundings;
  const findGate = (name: string | undefined): Gate => ({
    ...config.defaultGate,
    name: name ?? defaultGateName,
  });
  const verifyJwt = createJwtVerifier({
    issuers: config.jwtIssuers,
    store: store.jwts,
    report: events.issuerFailed,
  });
  const ports: DecisionPorts = {
    sources: credentialSources,
    verify: async (credential, now) =>
      (await verifyJwt(credential, now)) ?? verifyOpaque(store, credential, now),
    redeem: (identity, now) =>
      identity.jwt === undefined
        ? redeemOpaque(store.tokens, identity, now)
        : redeemJwt(store.jwts, identity, now),
  };
  return {
    findGate,
    ports,
    tokens: createTokenService({ store: store.tokens, limits: config, events, clock }),
    assertions: createAssertions({
      store: store.signingKeys,
      dataDir: config.dataDir,
      ...config.assertion,
      clock,
    }),
    sessions: createSessions({
      store: store.tokens,
      config: config.sessions,
      ports,
      events,
      clock,
    }),
    introspect: createIntrospection({ findGate, ports, clock }),
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

/** The admin API over the store itself, without a service: for the command line on the same machine. */
export async function openAdmin(config: Config): Promise<AdminOverStore> {
  const clock = Date.now;
  const store = openSqliteStore(config.dataDir);
  const events = createEvents(createLogger({ ...config.log, level: 'silent' }));
  const parts = createServices(config, { store, events, clock });
  const app = await buildAdminApp({
    ...parts,
    // Whoever can open the store's file needs no key to it.
    adminKeys: { ...parts.adminKeys, identify: async () => fullKey('store', clock()) },
    events,
    clock,
    ping: store.ping,
  });
  return {
    async send(method, path, body) {
      const response = await app.inject({
        method: method as 'GET',
        url: path,
        headers: { authorization: 'Bearer store' },
        ...(body !== undefined && { payload: body as object }),
      });
      const text = response.payload;
      return { status: response.statusCode, body: text === '' ? undefined : JSON.parse(text) };
    },
    async close() {
      await app.close();
      await store.close();
    },
  };
}

/** Sends requests of the admin API to the store without a network between. */
export interface AdminOverStore {
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  close(): Promise<void>;
}
