import type { Logger } from 'pino';
import { ensureFirstKey } from '../admin-keys/service.ts';
import { startAuditCheckpoints } from '../audit/checkpoints.ts';
import { type ClusterBus, type ClusterHandlers, singleProcess } from '../cluster/bus.ts';
import type { Config } from '../config/config.ts';
import type { ListenAddress } from '../config/listen-address.ts';
import { listen } from '../http/listen.ts';
import { type Pruning, startPruning } from '../maintenance/pruning.ts';
import { buildAdminApp } from './admin-app.ts';
import { buildGateApp } from './gate-app.ts';
import { openServices } from './open-services.ts';

/** A running Postern. */
export interface Postern {
  /** Where nginx sends subrequests. */
  readonly gate: ListenAddress;
  /** Where the admin API listens. */
  readonly admin: ListenAddress;
  readonly pruning: Pruning;
  /** Puts a changed configuration in force, or logs what is wrong with it. */
  reload(): void;
  /** What this process answers to others on the same listeners and store. */
  readonly clusterHandlers: ClusterHandlers;
  /** Graceful shutdown: stops accepting, finishes what is in flight, closes the store. */
  close(): Promise<void>;
}

/** Milliseconds that requests in flight get to finish when Postern stops. */
const drainMs = 3_000;

/** Modes of Unix sockets: the gate holds no secrets; only the owner may issue tokens. */
const socketModes = { gate: 0o666, admin: 0o600 } as const;

/**
 * Starts a Postern. `announceAdminKey` gets the admin key that the first start makes. Rejects with
 * OperatorError when something cannot be had.
 */
export async function startPostern(
  config: Config,
  deps: {
    readonly log: Logger;
    readonly announceAdminKey: (key: string) => void;
    /** Reads the configuration again; throws ConfigError. */
    readonly load: () => Config;
    /** Connects the processes on the same listeners and store. Default: there is only this one. */
    readonly bus?: ClusterBus;
    /** Whether this process prunes and counts tokens, for all processes on the store. Default true. */
    readonly maintains?: boolean;
    readonly clock?: () => number;
  },
): Promise<Postern> {
  const { log, announceAdminKey, load, bus = singleProcess } = deps;
  const { maintains = true, clock = Date.now } = deps;
  const services = await openServices(config, {
    ...{ mode: 'service', log, bus, load, maintains, clock },
  });
  const { live, store, events } = services;
  const apps: { readonly server: { closeAllConnections(): void }; close(): Promise<unknown> }[] =
    [];
  try {
    const gateApp = await buildGateApp({
      current: live.current,
      events,
    });
    apps.push(gateApp);
    if (config.admin.key === undefined) {
      await ensureFirstKey(store.adminKeys, announceAdminKey, clock());
    }
    const adminApp = await buildAdminApp(services.admin);
    apps.push(adminApp);
    const gate = await listen(gateApp, config.gate.listen, {
      name: 'gate',
      socketMode: socketModes.gate,
    });
    const admin = await listen(adminApp, config.admin.listen, {
      name: 'admin',
      socketMode: socketModes.admin,
    });
    const checkpoints = await startAuditCheckpoints({
      ...{ store: store.audit, events, isOn: maintains },
    });
    const pruning = startPruning({
      isOn: maintains,
      ...{ store: store.tokens, jwts: store.jwts, audit: store.audit },
      limits: () => live.current().config,
      ...{ events, clock },
    });
    return {
      ...{ gate, admin, pruning },
      reload: services.reload,
      clusterHandlers: services.clusterHandlers,
      async close() {
        pruning.stop();
        // A client that has not sent its whole request by then must not delay the others.
        const deadline = setTimeout(() => {
          for (const { server } of apps) server.closeAllConnections();
        }, drainMs);
        await Promise.all(apps.map((app) => app.close()));
        clearTimeout(deadline);
        await services.flush();
        await checkpoints.stop();
        await services.close();
      },
    };
  } catch (error) {
    for (const app of apps) await app.close();
    await services.close();
    throw error;
  }
}
