import { createAuditFeed } from '../audit/feed.ts';
import type { Config } from '../config/config.ts';
import { fullKey } from '../core/model/admin-key.ts';
import { openSqliteStore } from '../store/sqlite/store.ts';
import { createLogger } from '../telemetry/log/log.ts';
import { logEvents } from '../telemetry/log/log-events.ts';
import { createMetrics } from '../telemetry/metrics/metrics.ts';
import { createScrape } from '../telemetry/metrics/scrape.ts';
import { openThrottling } from '../throttle/throttle.ts';
import { buildAdminApp } from './admin-app.ts';
import { createRemoteServices } from './remote-services.ts';
import { createServices } from './services.ts';

/** Sends requests of the admin API to the store without a network between. */
export interface OfflineAdmin {
  send(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }>;
  open(
    path: string,
    headers: Record<string, string>,
  ): Promise<{ status: number; body: AsyncIterable<Buffer> }>;
  close(): Promise<void>;
}

/** The admin API over the store itself, without a service: for the command line on the same machine. */
export async function openOfflineAdmin(config: Config): Promise<OfflineAdmin> {
  const clock = Date.now;
  const store = openSqliteStore(config.dataDir);
  const events = logEvents(createLogger({ ...config.log, level: 'silent' }));
  const throttling = await openThrottling(config.throttle, {
    store: store.throttles,
    audit: store.audit,
    events,
    clock,
  });
  const throttle = throttling.service;
  const remoteServices = createRemoteServices(events);
  const parts = createServices(config, { store, events, throttle, remoteServices, clock });
  const metrics = createMetrics(clock);
  const app = await buildAdminApp({
    ...parts,
    // Whoever can open the store's file needs no key to it.
    adminKeys: { ...parts.adminKeys, identify: async () => fullKey('store', clock()) },
    // Nothing runs here that could be told.
    reload: async () => ({ needRestart: [] }),
    audit: store.audit,
    auditFeed: createAuditFeed(store.audit),
    findDecision: async () => undefined,
    metrics,
    scrape: createScrape({ metrics, everybody: undefined }),
    isMetricsPublic: () => false,
    events,
    throttling,
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
    async open(path, headers) {
      const response = await app.inject({
        method: 'GET',
        url: path,
        headers: { ...headers, authorization: 'Bearer store' },
        payloadAsStream: true,
      });
      return { status: response.statusCode, body: response.stream() };
    },
    async close() {
      await app.close();
      await remoteServices.close();
      await throttling.close();
      await store.close();
    },
  };
}
