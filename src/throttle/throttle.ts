import type { ClusterBus, ClusterHandlers } from '../cluster/bus.ts';
import type { Notices, Questions } from '../cluster/messages.ts';
import type { ThrottleConfig } from '../config/config.ts';
import type { Actor } from '../core/model/audit.ts';
import { throttleClearedEntry } from '../core/model/audit-entries.ts';
import type { Events } from '../core/model/events.ts';
import type { ThrottledNetwork, ThrottleFilter } from '../core/model/throttle.ts';
import type { AuditStore } from '../store/port/audit.ts';
import type { ThrottleStore } from '../store/port/throttles.ts';
import { createThrottlePersistence } from './persistence.ts';
import { createThrottle, type ThrottleService } from './service.ts';

/** The throttle of all processes on a store. */
export interface Throttling {
  readonly service: ThrottleService;
  /** Networks that any process throttles, the longest throttled first. */
  list(): Promise<readonly ThrottledNetwork[]>;
  /**
   * Forgets failed attempts in all processes and in the store, with an audit entry; returns the networks
   * that were throttled.
   */
  clear(filter: ThrottleFilter, actor: Actor): Promise<readonly ThrottledNetwork[]>;
  /** Puts other limits in force; failed attempts stay counted. */
  configure(config: ThrottleConfig): void;
  /** Handlers for the messages of other processes. */
  readonly notices: Pick<ClusterHandlers['notices'], ThrottleNotice>;
  readonly questions: Pick<ClusterHandlers['questions'], ThrottleQuestion>;
  close(): Promise<void>;
}

type ThrottleNotice = keyof Notices & 'throttled';
type ThrottleQuestion = keyof Questions & ('throttle' | 'clearThrottle');

/** Opens it, with the persisted buckets where persistence is on. */
export async function openThrottling(
  initial: ThrottleConfig,
  dependencies: {
    readonly store: ThrottleStore;
    readonly audit: Pick<AuditStore, 'append'>;
    readonly events: Events;
    readonly bus: ClusterBus;
    readonly clock: () => number;
  },
): Promise<Throttling> {
  const { store, audit, events, bus, clock } = dependencies;
  let config = initial;
  const persistence = createThrottlePersistence({
    store,
    lifetimeMs: () => (config.persist ? config.window : undefined),
    failed: events.failed,
    clock,
  });
  const service = createThrottle(config, {
    throttled: events.throttled,
    broadcast(bucket) {
      persistence.save(bucket);
      bus.publish('throttled', bucket);
    },
  });
  service.merge(await persistence.load(clock()));

  const list = () => service.list(clock());
  const clear = (filter: ThrottleFilter) => service.clear(filter, clock());

  return {
    service,
    list: async () => merge([list(), ...(await bus.query('throttle', null))]),
    async clear(filter, actor) {
      const own = clear(filter);
      const others = await bus.query('clearThrottle', filter);
      await persistence.forget(service.matcherFor(filter));
      const cleared = merge([own, ...others]);
      await audit.append([throttleClearedEntry(actor, clock(), filter, cleared.length)]);
      events.throttleCleared(filter, cleared.length);
      return cleared;
    },
    configure(changed) {
      config = changed;
      service.configure(changed);
    },
    notices: { throttled: (bucket) => service.merge([bucket]) },
    questions: { throttle: () => [...list()], clearThrottle: (filter) => [...clear(filter)] },
    close: persistence.close,
  };
}

/** Merges the networks of several processes: the longest time and the most failures of each. */
function merge(lists: readonly (readonly ThrottledNetwork[])[]): readonly ThrottledNetwork[] {
  const merged = new Map<string, ThrottledNetwork>();
  for (const one of lists.flat()) {
    const name = `${one.gate ?? ''} ${one.network}`;
    const known = merged.get(name) ?? one;
    merged.set(name, {
      ...one,
      since: Math.min(one.since, known.since),
      until: Math.max(one.until, known.until),
      failures: Math.max(one.failures, known.failures),
    });
  }
  return [...merged.values()].sort((a, b) => a.since - b.since);
}
