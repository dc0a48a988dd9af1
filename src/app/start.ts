import type { Logger } from 'pino';
import { ensureFirstKey } from '../admin-keys/service.ts';
import { createDenialAudit } from '../audit/denials.ts';
import { createAuditFeed } from '../audit/feed.ts';
import { startAuditCheckpoints } from '../audit/head-announcements.ts';
import type { ClusterBus, ClusterHandlers } from '../cluster/worker.ts';
import type { Config } from '../config/config.ts';
import type { ListenAddress } from '../config/listen-address.ts';
import { postern } from '../core/model/audit.ts';
import { createEvents } from '../core/model/events.ts';
import { listen } from '../http/listen.ts';
import { OperatorError } from '../lib/operator-error.ts';
import { createAuditedReload } from '../maintenance/audited-reload.ts';
import { type Pruning, startPruning } from '../maintenance/pruning.ts';
import { createReload } from '../maintenance/reload.ts';
import { openSqliteStore } from '../store/sqlite/store.ts';
import { logEvents } from '../telemetry/log/log-events.ts';
import { createLogSample } from '../telemetry/log/log-sample.ts';
import { createMetrics } from '../telemetry/metrics/metrics.ts';
import { createScrape, takeSnapshot } from '../telemetry/metrics/scrape.ts';
import { keepRecentDecisions } from '../telemetry/recent-decisions.ts';
import type { Tracing } from '../telemetry/tracing/tracing.ts';
import { openThrottling } from '../throttle/throttle.ts';
import { buildAdminApp } from './admin-app.ts';
import { buildGateApp } from './gate-app.ts';
import { createRemoteServices } from './remote-services.ts';
import { createLatest, createServices } from './services.ts';

/** A running Postern. */
export interface Postern {
  /** Where nginx asks. */
  readonly gate: ListenAddress;
  /** Where tokens are issued. */
  readonly admin: ListenAddress;
  readonly pruning: Pruning;
  /** Puts a changed configuration in force, or says in the log what is wrong with it. */
  reload(): void;
  /** What it does for other processes on the same listeners and store. */
  readonly peerTasks: ClusterHandlers;
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
  deps: {
    readonly log: Logger;
    readonly announceAdminKey: (key: string) => void;
    /** Reads the configuration anew; throws ConfigError. */
    readonly load: () => Config;
    /** Other processes on the same listeners and store. */
    readonly peers?: ClusterBus;
    /** Whether this process deletes what ended long ago. Default true. */
    readonly prunes?: boolean;
    readonly clock?: () => number;
  },
): Promise<Postern> {
  const { log, announceAdminKey, load, peers, prunes = true, clock = Date.now } = deps;
  const recent = keepRecentDecisions();
  const metrics = createMetrics(clock);
  const tracing = await openTracing(config);
  const store = openSqliteStore(config.dataDir, metrics.store);
  let inForce = config;
  const denials = createDenialAudit({
    store: store.audit,
    isOn: () => inForce.audit.denials,
    report: (error) => events.failed('denials were not written to the audit log', error),
    clock,
  });
  const sample = createLogSample(log);
  const events = createEvents(
    logEvents(log, sample),
    recent.events,
    metrics.events,
    denials.events,
    tracing?.events ?? {},
  );
  let isClosing = false;
  if (prunes) {
    metrics.countTokens(
      (now) => store.tokens.count(now),
      (error) => {
        // What is not counted by then is given up.
        if (!isClosing) events.failed('tokens could not be counted', error);
      },
    );
  }
  const opened: { close(): unknown }[] = [store];
  try {
    const throttling = await openThrottling(config.throttle, {
      store: store.throttles,
      audit: store.audit,
      events,
      peers,
      clock,
    });
    opened.unshift(throttling);
    const throttle = throttling.service;
    const remoteServices = createRemoteServices(events, tracing);
    opened.unshift(remoteServices);
    const make = (changed: Config) => {
      const made = createServices(changed, {
        store,
        events,
        throttle,
        remoteServices,
        clock,
        tracing,
      });
      metrics.configured(changed);
      return made;
    };
    const latest = createLatest(make(config));
    const { parts } = latest;
    const reload = createReload({
      started: config,
      load,
      apply(changed) {
        latest.replace(make(changed));
        inForce = changed;
        throttling.configure(changed.throttle);
        return remoteServices.keepOnly(changed);
      },
      events,
    });
    const auditedReload = createAuditedReload({ reload, store: store.audit, clock });
    const reloadUnasked = (isWritten: boolean) => {
      const reloading = isWritten ? auditedReload(postern) : reload();
      reloading.catch((error: unknown) => {
        // What is wrong with a configuration is in the log; the old rules stay in force.
        if (!(error instanceof OperatorError)) events.failed('a reload failed', error);
      });
    };
    const gateApp = await buildGateApp({
      ...parts,
      openSnapshot: store.openSnapshot,
      events,
    });
    opened.unshift(gateApp);
    if (config.admin.key === undefined) {
      await ensureFirstKey(store.adminKeys, announceAdminKey, clock());
    }
    const adminApp = await buildAdminApp({
      ...parts,
      reload: (actor) => auditedReload(actor, () => peers?.publish('reload', 'request')),
      audit: store.audit,
      auditFeed: createAuditFeed(store.audit),
      async findDecision(id) {
        const found = recent.find(id);
        if (found !== undefined || peers === undefined) return found;
        return (await peers.query('decision', id)).find((record) => record !== null) ?? undefined;
      },
      metrics,
      scrape: createScrape({ metrics, everybody: peers && ((own) => peers.query('metrics', own)) }),
      isMetricsPublic: () => parts.config.metrics.public,
      events,
      throttling,
      clock,
      ping: store.ping,
    });
    opened.unshift(adminApp);
    const gate = await listen(gateApp, config.gate.listen, {
      name: 'gate',
      socketMode: socketModes.gate,
    });
    const admin = await listen(adminApp, config.admin.listen, {
      name: 'admin',
      socketMode: socketModes.admin,
    });
    const heads = await startAuditCheckpoints({ store: store.audit, events, isOn: prunes });
    const pruning = startPruning({
      isOn: prunes,
      store: store.tokens,
      jwts: store.jwts,
      audit: store.audit,
      limits: parts.config,
      events,
      clock,
    });
    return {
      gate,
      admin,
      pruning,
      reload: () => reloadUnasked(true),
      peerTasks: {
        notices: {
          // A signal comes to all workers, and one of them writes it down.
          reload: (why) => reloadUnasked(prunes && why === 'signal'),
          ...throttling.notices,
        },
        questions: {
          decision: (id) => recent.find(id) ?? null,
          metrics: () => takeSnapshot(metrics),
          ...throttling.questions,
        },
      },
      async close() {
        isClosing = true;
        pruning.stop();
        // Whoever has not sent a whole request by then does not get to hold the others up.
        const deadline = setTimeout(() => {
          gateApp.server.closeAllConnections();
          adminApp.server.closeAllConnections();
        }, drainMs);
        await Promise.all([gateApp.close(), adminApp.close()]);
        clearTimeout(deadline);
        await denials.finish();
        sample.finish();
        await heads.stop();
        await remoteServices.close();
        await throttling.close();
        await store.close();
      },
    };
  } catch (error) {
    for (const resource of opened) await resource.close();
    throw error;
  }
}

/** Loaded where it is wanted: whoever traces nothing pays nothing for it. */
async function openTracing({ tracing }: Pick<Config, 'tracing'>): Promise<Tracing | undefined> {
  if (!tracing.enabled) return undefined;
  const { createOpenTelemetryTracing } = await import('../telemetry/tracing/open-telemetry.ts');
  return createOpenTelemetryTracing();
}
