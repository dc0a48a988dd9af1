import type { Logger } from 'pino';
import { createBridges } from './bridges/bridges.ts';
import type { Config } from './config/config.ts';
import type { ListenAddress } from './config/listen-address.ts';
import { chooseAmong, chooseAny } from './core/gate-choice.ts';
import type { DecisionPorts } from './core/inquiry.ts';
import { credentialSources } from './credentials/index.ts';
import { buildAdminApp } from './http/admin-app.ts';
import { buildGateApp } from './http/gate-app.ts';
import { listen } from './http/listen.ts';
import { createAdminKeys, ensureFirstKey, fullKey } from './services/admin-keys.ts';
import { createAnswer } from './services/answer.ts';
import { createAssertions } from './services/assertions.ts';
import { createEvents, type DecisionRecord, type Events } from './services/events.ts';
import { createExplain } from './services/explain.ts';
import { createGateList } from './services/gate-list.ts';
import { createIntrospection } from './services/introspection.ts';
import { createJudge } from './services/judge.ts';
import { createJwtRevocations } from './services/jwt-revocations.ts';
import { createLogger } from './services/log.ts';
import { type Pruning, startPruning } from './services/pruning.ts';
import { keepRecentDecisions } from './services/recent-decisions.ts';
import { createReload, type Reload } from './services/reload.ts';
import { createSessions } from './services/sessions.ts';
import { createTokenService } from './services/tokens.ts';
import { openSqliteStore } from './stores/sqlite/store.ts';
import type { Store } from './stores/store.ts';
import { createJwtVerifier } from './verifiers/jwt.ts';
import { redeemJwt } from './verifiers/jwt-use.ts';
import { redeemOpaque, verifyOpaque } from './verifiers/opaque.ts';
import type { Peers } from './workers/worker.ts';

/** A running Postern. */
export interface Postern {
  /** Where nginx asks. */
  readonly gate: ListenAddress;
  /** Where tokens are issued. */
  readonly admin: ListenAddress;
  readonly pruning: Pruning;
  /** Puts a changed configuration in force. Throws ConfigError; the old one stays then. */
  readonly reload: Reload;
  /** One of the last decisions, by its request id. */
  findDecision(requestId: string): DecisionRecord | undefined;
  /** Stops accepting, finishes what is in flight, closes the store. */
  close(): Promise<void>;
}

/** Milliseconds that requests in flight get to finish when Postern stops. */
const drainMs = 3_000;

/** Milliseconds that replaced services stay open: longer than any decision takes. */
const replacedMs = 30_000;

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
    /** Reads the configuration anew; throws ConfigError. */
    readonly load: () => Config;
    /** Other processes on the same listeners and store. */
    readonly peers?: Peers;
    /** Whether this process deletes what ended long ago. Default true. */
    readonly prunes?: boolean;
    readonly clock?: () => number;
  },
): Promise<Postern> {
  const { log, announceAdminKey, load, peers, prunes = true, clock = Date.now } = surroundings;
  const recent = keepRecentDecisions();
  const events = createEvents(log, recent);
  const store = openSqliteStore(config.dataDir);
  const opened: { close(): unknown }[] = [store];
  try {
    const make = (changed: Config) => createServices(changed, { store, events, clock });
    const latest = createLatest(make(config));
    opened.unshift(latest);
    const { parts } = latest;
    const reload = createReload({
      started: config,
      load,
      apply: (changed) => latest.replace(make(changed)),
      events,
    });
    const gateApp = await buildGateApp({ ...parts, events });
    opened.unshift(gateApp);
    if (config.admin.key === undefined) {
      await ensureFirstKey(store.adminKeys, announceAdminKey, clock());
    }
    const adminApp = await buildAdminApp({
      ...parts,
      reload() {
        const reloaded = reload();
        peers?.reload();
        return reloaded;
      },
      findDecision: async (id) => recent.find(id) ?? peers?.find(id),
      events,
      clock,
      ping: store.ping,
    });
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
      isOn: prunes,
      store: store.tokens,
      jwts: store.jwts,
      limits: parts.config,
      events,
      clock,
    });
    return {
      gate,
      admin,
      pruning,
      reload,
      findDecision: recent.find,
      async close() {
        pruning.stop();
        // Whoever has not sent a whole request by then does not get to hold the others up.
        const deadline = setTimeout(() => {
          gateApp.server.closeAllConnections();
          adminApp.server.closeAllConnections();
        }, drainMs);
        await Promise.all([gateApp.close(), adminApp.close()]);
        clearTimeout(deadline);
        await latest.close();
        await store.close();
      },
    };
  } catch (error) {
    for (const resource of opened) await resource.close();
    throw error;
  }
}

/** Everything that follows from a configuration and is made anew when that changes. */
function createServices(
  config: Config,
  surroundings: { store: Store; events: Events; clock: () => number },
) {
  const { store, events, clock } = surroundings;
  const gates =
    config.gates.length > 0
      ? chooseAmong(config.gates)
      : chooseAny((name) => ({ ...config.defaultGate, name, hosts: [], paths: [] }));
  const bridges = createBridges([config.defaultGate, ...config.gates], events.bridgeChanged);
  const verifyJwt = createJwtVerifier({
    issuers: config.jwtIssuers,
    store: store.jwts,
    report: events.issuerFailed,
  });
  const ports: DecisionPorts = {
    sources: credentialSources,
    verify: async (credential, now) =>
      (await verifyJwt(credential, now)) ?? verifyOpaque(store, credential, now),
    bridgeOf: bridges.of,
    redeem: (identity, now) =>
      identity.jwt === undefined
        ? redeemOpaque(store.tokens, identity, now)
        : redeemJwt(store.jwts, identity, now),
  };
  const judge = createJudge({ gates, ports, events, clock });
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
  return {
    config,
    gates,
    sessions,
    assertions,
    answer: createAnswer({
      judge,
      renew: sessions.renew,
      touch: (id, now) => store.tokens.touch(id, now),
      assert: assertions.issue,
      events,
      clock,
    }),
    explain: createExplain({ judge, clock }),
    gateList: createGateList(config),
    tokens: createTokenService({ store: store.tokens, limits: config, events, clock }),
    introspect: createIntrospection({ findGate: gates.named, ports, clock }),
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
    /** Lets go of what is open towards others. */
    close: bridges.close,
  };
}

type Services = ReturnType<typeof createServices>;

/** The services of the configuration in force, which a reload replaces under those who use them. */
function createLatest(first: Services) {
  let latest = first;
  /** Stands for a part of whatever is the latest when it is used. */
  const part = <T extends object>(read: (services: Services) => T): T =>
    new Proxy(Object.create(null) as T, {
      get: (_, name) => Reflect.get(read(latest), name),
    });
  return {
    parts: {
      config: part(({ config }) => config),
      gates: part(({ gates }) => gates),
      sessions: part(({ sessions }) => sessions),
      assertions: part(({ assertions }) => assertions),
      tokens: part(({ tokens }) => tokens),
      jwts: part(({ jwts }) => jwts),
      adminKeys: part(({ adminKeys }) => adminKeys),
      sessionConfig: part(({ config }) => config.sessions),
      trustedProxies: part(({ config }) => config.gate.trustedProxies),
      answer: ((subrequest) => latest.answer(subrequest)) as Services['answer'],
      explain: ((subrequest) => latest.explain(subrequest)) as Services['explain'],
      introspect: ((request) => latest.introspect(request)) as Services['introspect'],
      gateList: (() => latest.gateList()) as Services['gateList'],
    },
    replace(next: Services) {
      const previous = latest;
      latest = next;
      // A decision that began by the old rules may still ask a sign-on service of theirs.
      setTimeout(() => previous.close(), replacedMs).unref();
    },
    close: () => latest.close(),
  };
}

/** The admin API over the store itself, without a service: for the command line on the same machine. */
export async function openAdmin(config: Config): Promise<AdminOverStore> {
  const clock = Date.now;
  const store = openSqliteStore(config.dataDir);
  const recent = keepRecentDecisions();
  const events = createEvents(createLogger({ ...config.log, level: 'silent' }), recent);
  const parts = createServices(config, { store, events, clock });
  const app = await buildAdminApp({
    ...parts,
    // Whoever can open the store's file needs no key to it.
    adminKeys: { ...parts.adminKeys, identify: async () => fullKey('store', clock()) },
    // Nothing runs here that could be told.
    reload: () => ({ needRestart: [] }),
    findDecision: async () => undefined,
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
