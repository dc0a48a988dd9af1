import type { Logger } from 'pino';
import { createDenialRecorder } from '../audit/denials.ts';
import { createAuditFeed } from '../audit/feed.ts';
import { type ClusterBus, type ClusterHandlers, singleProcess } from '../cluster/bus.ts';
import type { Config } from '../config/config.ts';
import { fullAccessKey } from '../core/model/admin-key.ts';
import { actorNames, systemActor } from '../core/model/audit.ts';
import { createEvents, type Events } from '../core/model/events.ts';
import { OperatorError } from '../lib/operator-error.ts';
import { createAuditedReload } from '../maintenance/audited-reload.ts';
import { createReload } from '../maintenance/reload.ts';
import { createRecheck } from '../sign-on/recheck.ts';
import { openStore } from '../store/open.ts';
import type { Store } from '../store/port/store.ts';
import { createLogger } from '../telemetry/log/log.ts';
import { logEvents } from '../telemetry/log/log-events.ts';
import { createLogSampler } from '../telemetry/log/log-sampler.ts';
import { createMetrics } from '../telemetry/metrics/metrics.ts';
import { createScrape, takeSnapshot } from '../telemetry/metrics/scrape.ts';
import { createRecentDecisions } from '../telemetry/recent-decisions.ts';
import type { Tracing } from '../telemetry/tracing/tracing.ts';
import { openThrottling } from '../throttle/throttle.ts';
import type { AdminAppDependencies } from './admin-app.ts';
import { createLiveServices, type LiveServices } from './live-services.ts';
import { createRemoteServices } from './remote-services.ts';
import { createServices, type Services } from './services.ts';

/** Who the services are opened for. */
export type ServicesMode =
  /** The service: it logs, traces, answers other processes and can be reloaded. */
  | {
      readonly mode: 'service';
      readonly log: Logger;
      readonly bus: ClusterBus;
      /** Reads the configuration again; throws ConfigError. */
      readonly load: () => Config;
      /** Whether this process works on the store for all of them: it prunes and counts tokens. */
      readonly maintains: boolean;
      readonly clock: () => number;
    }
  /** A command on the store itself, without a service. */
  | { readonly mode: 'offline' };

/** Everything that a Postern consists of, apart from its listeners. */
export interface OpenServices {
  readonly live: LiveServices;
  readonly store: Store;
  readonly events: Events;
  readonly clock: () => number;
  /** What the admin app works with. */
  readonly admin: AdminAppDependencies;
  /** Puts a changed configuration in force, or logs what is wrong with it. */
  reload(): void;
  /** What this process answers to the others. */
  readonly clusterHandlers: ClusterHandlers;
  /** Writes audit entries and log lines that wait to be written. Never rejects. */
  flush(): Promise<void>;
  /** Closes everything, the store last. */
  close(): Promise<void>;
}

/**
 * The composition root: wires everything together, for the service and for commands on a store alike.
 * Rejects with OperatorError when something cannot be had.
 */
export async function openServices(config: Config, mode: ServicesMode): Promise<OpenServices> {
  const isOffline = mode.mode === 'offline';
  const { log, bus, load, maintains, clock } = isOffline ? offline(config) : mode;
  const recent = createRecentDecisions();
  const metrics = createMetrics(clock);
  const tracing = isOffline ? undefined : await openTracing(config);
  const store = await openStore(config, metrics.store);
  const opened: { close(): unknown }[] = [store];
  let inForce = config;
  let isClosing = false;
  /** Closes in the reverse order, the store last. */
  async function close(): Promise<void> {
    isClosing = true;
    for (const resource of opened.reverse()) await resource.close();
  }
  const denials = createDenialRecorder({
    store: store.audit,
    isOn: () => inForce.audit.denials,
    report: (error) => events.failed('denials were not written to the audit log', error),
    clock,
  });
  const sampler = createLogSampler(log);
  const events = createEvents(
    logEvents(log, sampler),
    recent.events,
    metrics.events,
    denials.events,
    tracing?.events ?? {},
  );
  if (maintains) {
    metrics.countTokens(
      (now) => store.tokens.count(now),
      (error) => {
        // A count that is not done when Postern stops is given up.
        if (!isClosing) events.failed('tokens could not be counted', error);
      },
    );
  }
  try {
    const throttling = await openThrottling(config.throttle, {
      ...{ store: store.throttles, audit: store.audit, events, bus, clock },
    });
    opened.push(throttling);
    const remoteServices = createRemoteServices(events, tracing);
    opened.push(remoteServices);
    const make = (changed: Config) => {
      const throttle = throttling.service;
      const made = createServices(changed, {
        ...{ store, events, throttle, remoteServices, clock, tracing },
      });
      metrics.applyConfig(changed);
      return made;
    };
    const live = createLiveServices(make(config));
    const bridges = createRecheck({
      current: live.current,
      ...{ audit: store.audit, events, bus, clock },
    });
    const reload = createReload({
      started: config,
      load,
      apply(changed) {
        live.replace(make(changed));
        inForce = changed;
        throttling.configure(changed.throttle);
        return remoteServices.keepOnly(changed);
      },
      events,
    });
    const auditedReload = createAuditedReload({ reload, store: store.audit, clock });
    const reloadInBackground = (isAudited: boolean) => {
      const reloading = isAudited ? auditedReload(systemActor) : reload();
      reloading.catch((error: unknown) => {
        // What is wrong with a configuration is in the log; the old rules stay in force.
        if (!(error instanceof OperatorError)) events.failed('a reload failed', error);
      });
    };
    return {
      ...{ live, store, events, clock },
      admin: {
        current: isOffline ? () => withOwnerKey(live.current(), clock) : live.current,
        reload: isOffline
          ? async () => ({ needRestart: [] })
          : (actor) => auditedReload(actor, () => bus.publish('reload', 'request')),
        audit: store.audit,
        auditFeed: createAuditFeed(store.audit),
        async findDecision(id) {
          const found = recent.find(id);
          if (found !== undefined) return found;
          const answers = await bus.query('decision', id);
          return answers.find((record) => record !== null) ?? undefined;
        },
        metrics,
        scrape: createScrape({
          metrics,
          collectFromWorkers: bus.isShared ? (own) => bus.query('metrics', own) : undefined,
        }),
        ...{ events, throttling, bridges, clock },
        ping: store.ping,
      },
      reload: () => reloadInBackground(true),
      clusterHandlers: {
        notices: {
          // A signal reaches all workers; one of them writes the audit entry.
          reload: (why) => reloadInBackground(maintains && why === 'signal'),
          ...throttling.notices,
        },
        questions: {
          decision: (id) => recent.find(id) ?? null,
          metrics: () => takeSnapshot(metrics),
          ...throttling.questions,
          ...bridges.questions,
        },
      },
      async flush() {
        isClosing = true;
        await denials.finish();
        sampler.flush();
      },
      close,
    };
  } catch (error) {
    await close();
    throw error;
  }
}

/** Nothing else runs that could be told, and nobody reads a log. */
function offline(config: Config): Omit<Extract<ServicesMode, { mode: 'service' }>, 'mode'> {
  return {
    log: createLogger({ ...config.log, level: 'silent' }),
    bus: singleProcess,
    load: () => config,
    maintains: false,
    clock: Date.now,
  };
}

/** The owner of the store's file needs no admin key. */
function withOwnerKey(services: Services, clock: () => number): Services {
  const identify = async () => fullAccessKey(actorNames.store, clock());
  return { ...services, adminKeys: { ...services.adminKeys, identify } };
}

/** Loaded only where it is used, which spares others its memory and start-up time. */
async function openTracing({ tracing }: Pick<Config, 'tracing'>): Promise<Tracing | undefined> {
  if (!tracing.enabled) return undefined;
  const { createOpenTelemetryTracing } = await import('../telemetry/tracing/open-telemetry.ts');
  return createOpenTelemetryTracing();
}
