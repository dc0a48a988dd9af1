import type { ClusterBus, ClusterHandlers } from '../cluster/bus.ts';
import type { Notices, Questions } from '../cluster/messages.ts';
import type { ThrottleConfig } from '../config/config.ts';
import type { Actor } from '../core/model/audit.ts';
import type { Events } from '../core/model/events.ts';
import type { ThrottledNetwork, ThrottleFilter } from '../core/model/throttle.ts';
import type { AuditStore, ThrottleStore } from '../store/port.ts';
import { createThrottlePersistence } from './persistence.ts';
import { createThrottle, type ThrottleService } from './service.ts';

/** The throttle of this process, its peers and the store. */
export interface Throttling {
  readonly service: ThrottleService;
  /** Who is throttled in any of the processes, the longest first. */
  list(): Promise<readonly ThrottledNetwork[]>;
  /**
   * Forgets failed attempts in all processes and in the store, and writes to the audit log who wanted
   * it; returns those that were throttled.
   */
  clear(filter: ThrottleFilter, actor: Actor): Promise<readonly ThrottledNetwork[]>;
  /** Puts other limits in force; what was counted stays. */
  configure(config: ThrottleConfig): void;
  /** What this process does when others tell or ask. */
  readonly notices: Pick<ClusterHandlers['notices'], ThrottleNotice>;
  readonly questions: Pick<ClusterHandlers['questions'], ThrottleQuestion>;
  close(): Promise<void>;
}

type ThrottleNotice = keyof Notices & 'throttled';
type ThrottleQuestion = keyof Questions & ('throttle' | 'clearThrottle');

/** Opens it, with what the store knows where the configuration says so. */
export async function openThrottling(
  first: ThrottleConfig,
  dependencies: {
    readonly store: ThrottleStore;
    readonly audit: Pick<AuditStore, 'append'>;
    readonly events: Events;
    readonly bus: ClusterBus;
    readonly clock: () => number;
  },
): Promise<Throttling> {
  const { store, audit, events, bus, clock } = dependencies;
  let config = first;
  const memory = createThrottlePersistence({
    store,
    longest: () => (config.persist ? config.window : undefined),
    failed: events.failed,
    clock,
  });
  const service = createThrottle(config, {
    crossed: events.throttled,
    tell(count) {
      memory.note(count);
      bus.publish('throttled', count);
    },
  });
  service.merge(await memory.load(clock()));

  const list = () => service.list(clock());
  const clear = (filter: ThrottleFilter) => service.clear(filter, clock());

  return {
    service,
    list: async () => merge([list(), ...(await bus.query('throttle', null))]),
    async clear(filter, actor) {
      const own = clear(filter);
      const others = await bus.query('clearThrottle', filter);
      await memory.forget(service.matcherFor(filter));
      const cleared = merge([own, ...others]);
      const { gate, network } = filter;
      const details = { action: 'cleared', network };
      const count = cleared.length;
      await audit.append([{ at: clock(), event: 'throttle', actor, gate, count, details }]);
      events.throttleCleared(filter, count);
      return cleared;
    },
    configure(changed) {
      config = changed;
      service.configure(changed);
    },
    notices: { throttled: (count) => service.merge([count]) },
    questions: { throttle: () => [...list()], clearThrottle: (filter) => [...clear(filter)] },
    close: memory.close,
  };
}

/** What several processes know of the same networks: the longest of it, and the most. */
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
