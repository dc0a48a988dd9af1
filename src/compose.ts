import type { Logger } from 'pino';
import type { Config } from './config/config.ts';
import type { ListenAddress } from './config/listen-address.ts';
import { defaultGateName } from './core/gate.ts';
import { credentialSources } from './credentials/index.ts';
import { buildAdminApp } from './http/admin-app.ts';
import { buildGateApp } from './http/gate-app.ts';
import { listen } from './http/listen.ts';
import { createAdminKeys } from './services/admin-keys.ts';
import { createAnswer } from './services/answer.ts';
import { createEvents } from './services/events.ts';
import { createLogger } from './services/log.ts';
import { type Pruning, startPruning } from './services/pruning.ts';
import { createTokenService } from './services/tokens.ts';
import { openSqliteStore } from './stores/sqlite.ts';
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
    const gateApp = buildGateApp({
      trustedProxies: config.gate.trustedProxies,
      answer: createAnswer({
        findGate: (handshake) => ({
          ...config.defaultGate,
          name: handshake?.gateName ?? defaultGateName,
        }),
        ports: {
          sources: credentialSources,
          verify: (credential, now) => verifyOpaque(store, credential, now),
          redeem: (identity, now) => redeemOpaque(store, identity, now),
        },
        events,
        clock,
      }),
    });
    opened.unshift(gateApp);
    const adminApp = await buildAdminApp({
      tokens: createTokenService({ store, limits: config, events, clock }),
      adminKeys: await createAdminKeys({
        store,
        configured: config.admin.key,
        announce: announceAdminKey,
        now: clock(),
      }),
      events,
      clock,
      ping: () => store.ping(),
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
    const pruning = startPruning({ store, limits: config, events, clock });
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

/** The admin API over the store itself, without a service: for the command line on the same machine. */
export async function openAdmin(config: Config): Promise<AdminOverStore> {
  const store = openSqliteStore(config.dataDir);
  const events = createEvents(createLogger({ ...config.log, level: 'silent' }));
  const app = await buildAdminApp({
    tokens: createTokenService({ store, limits: config, events, clock: Date.now }),
    // Whoever can open the store's file needs no key to it.
    adminKeys: { identify: async () => 'store' },
    events,
    clock: Date.now,
    ping: () => store.ping(),
  });
  return {
    async send(method, path, body) {
      const response = await app.inject({
        method: method as 'GET',
        url: path,
        headers: { authorization: 'Bearer store' },
        ...(body !== undefined && { payload: body as object }),
      });
      return { status: response.statusCode, body: response.json() };
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
