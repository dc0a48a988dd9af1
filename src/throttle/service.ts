import type { ThrottleConfig } from '../config/config.ts';
import type {
  Attempt,
  Throttle,
  ThrottledNetwork,
  ThrottleFilter,
  ThrottleInfo,
} from '../core/model/throttle.ts';
import type { StoredThrottle } from '../store/port/throttles.ts';
import { type Bucket, drainTime, exhaustedUntil, LeakyBuckets } from './leaky-buckets.ts';
import { createNetworkFinder, networksMatching } from './networks.ts';

/** The throttle of one process: leaky buckets by gate and client network. */
export interface ThrottleService {
  /** For decisions. */
  readonly port: Throttle;
  /** For dry runs: counts nothing. */
  readonly dryPort: Throttle;
  /** Counts a wrong admin key; undefined while its network is not throttled. */
  adminFailed(address: string | undefined, now: number): ThrottleInfo | undefined;
  /** Throttled networks, the longest throttled first. */
  list(now: number): readonly ThrottledNetwork[];
  /** Matches the names of the buckets that a filter means. */
  matcherFor(filter: ThrottleFilter): (name: string) => boolean;
  /** Forgets failed attempts, and returns the networks that were throttled. */
  clear(filter: ThrottleFilter, now: number): readonly ThrottledNetwork[];
  /** Takes over exhausted buckets of other processes or of the store. */
  merge(buckets: readonly StoredThrottle[]): void;
  /** Puts other limits in force, for present buckets too. */
  configure(config: ThrottleConfig): void;
}

/** The network of clients whose address nginx does not send. */
const unknownNetwork = 'unknown';

/** The network of clients on a Unix socket. */
const socketNetwork = 'unix';

/** Factor on the budget for a wider network, which the networks in it share. */
const widerScale = 16;

/** Fraction of a window between two broadcasts of an exhausted bucket. */
const broadcastFraction = 0.25;

/**
 * Builds the service. `broadcast` gets each bucket that is exhausted, then at intervals while its attempts
 * go on failing; `throttled` gets each network once, when it is throttled.
 */
export function createThrottle(
  initial: ThrottleConfig,
  listeners: {
    readonly throttled: (network: ThrottledNetwork) => void;
    readonly broadcast: (bucket: StoredThrottle) => void;
  },
): ThrottleService {
  const buckets = new LeakyBuckets();
  const lastBroadcast = new WeakMap<Bucket, number>();
  let config = initial;
  let networksOf = createNetworkFinder(initial.prefixLengths);

  /** The exhausted bucket that an attempt counts for. */
  function findExhausted({ gate, clientAddress, now }: Attempt): Bucket | undefined {
    if (!buckets.isAnyExhausted) return undefined;
    const { clientPrefix, widerPrefix } = networksOf(clientAddress, unknownNetwork);
    const find = (network: string) => buckets.findExhausted(nameOf(gate, network), config, now);
    return find(clientPrefix) ?? (widerPrefix === undefined ? undefined : find(widerPrefix));
  }

  const isCounted = (address: string | undefined) =>
    config.enabled && !(address !== undefined && config.exempt?.includes(address));

  /** Counts a failed attempt; the bucket that was exhausted before, if there is one. */
  function count(attempt: Attempt, weight: number, unnamed: string): Bucket | undefined {
    const { clientPrefix, widerPrefix } = networksOf(attempt.clientAddress, unnamed);
    const own = add(clientPrefix, 1, attempt, weight);
    // A throttled network does not use up the budget of the wider network, too.
    if (own.wasExhausted || widerPrefix === undefined) {
      return own.wasExhausted ? own.bucket : undefined;
    }
    const wider = add(widerPrefix, widerScale, attempt, weight);
    return wider.wasExhausted ? wider.bucket : undefined;
  }

  function add(network: string, scale: number, { gate, now }: Attempt, weight: number) {
    const name = nameOf(gate, network);
    const added = buckets.add(name, weight, scale, config, now);
    if (added.justExhausted) listeners.throttled(toNetwork(name, added.bucket));
    if (added.justExhausted || added.wasExhausted) broadcast(name, added.bucket, now);
    return added;
  }

  function broadcast(name: string, bucket: Bucket, now: number): void {
    const last = lastBroadcast.get(bucket);
    if (last !== undefined && Math.abs(now - last) < config.window * broadcastFraction) return;
    lastBroadcast.set(bucket, now);
    listeners.broadcast(toStored(name, bucket));
  }

  function failed(attempt: Attempt, weight: number, unnamed: string): ThrottleInfo | undefined {
    if (!isCounted(attempt.clientAddress)) return undefined;
    const exhausted = weight > 0 ? count(attempt, weight, unnamed) : findExhausted(attempt);
    return (
      exhausted && {
        retryAfter: retryAfter(exhausted, attempt.now),
        record: sample(exhausted, attempt.now),
      }
    );
  }

  const retryAfter = (bucket: Bucket, now: number) =>
    Math.max(0, exhaustedUntil(bucket, config) - now);

  /** Samples the denials of a bucket: one a window is recorded. */
  function sample(bucket: Bucket, now: number): ThrottleInfo['record'] {
    const { writtenAt, omitted } = bucket;
    if (writtenAt !== undefined && Math.abs(now - writtenAt) < config.window) {
      bucket.omitted++;
      return 'skip';
    }
    bucket.writtenAt = now;
    bucket.omitted = 0;
    return { omitted };
  }

  function toNetwork(name: string, bucket: Bucket): ThrottledNetwork {
    const { gate, network } = parseName(name);
    const { since = bucket.at, failures } = bucket;
    const until = Math.round(exhaustedUntil(bucket, config));
    return { gate, network, since, until, failures: Math.round(failures) };
  }

  const list = (now: number) =>
    [...buckets.allExhausted(config, now)]
      .map(([name, bucket]) => toNetwork(name, bucket))
      .sort((a, b) => a.since - b.since || (a.network < b.network ? -1 : 1));

  function matcherFor({ gate, network }: ThrottleFilter): (name: string) => boolean {
    const networks = network === undefined ? undefined : networksMatching(network, networksOf);
    return (name) => {
      const bucket = parseName(name);
      const isAtGate = gate === undefined || bucket.gate === gate;
      return isAtGate && (networks?.includes(bucket.network) ?? true);
    };
  }

  /** Clients without an address share one network: one of them must not block the others. */
  const mayBeBlocked = ({ clientAddress }: Attempt) =>
    isCounted(clientAddress) &&
    networksOf(clientAddress, unknownNetwork).clientPrefix !== unknownNetwork;

  const findBlocking = (attempt: Attempt) => {
    const exhausted = findExhausted(attempt);
    return exhausted !== undefined && mayBeBlocked(attempt) ? exhausted : undefined;
  };

  return {
    port: {
      mayDoExpensiveWork(attempt) {
        const bucket = findBlocking(attempt);
        if (bucket === undefined) return true;
        if (attempt.now < bucket.nextExpensiveWork) return false;
        bucket.nextExpensiveWork = attempt.now + drainTime(bucket, config);
        return true;
      },
      failed: (attempt, weight) => failed(attempt, weight, unknownNetwork),
    },
    dryPort: {
      mayDoExpensiveWork: (attempt) => findBlocking(attempt) === undefined,
      failed(attempt) {
        const exhausted = isCounted(attempt.clientAddress) ? findExhausted(attempt) : undefined;
        return exhausted && { retryAfter: retryAfter(exhausted, attempt.now), record: 'skip' };
      },
    },
    adminFailed: (address, now) =>
      failed({ gate: adminGate, clientAddress: address, now }, 1, socketNetwork),
    list,
    matcherFor,
    clear(filter, now) {
      const matches = matcherFor(filter);
      const cleared = list(now).filter(({ gate = adminGate, network }) =>
        matches(nameOf(gate, network)),
      );
      buckets.forget(matches);
      return cleared;
    },
    merge(stored) {
      for (const { name, ...bucket } of stored) buckets.merge(name, bucket, config);
    },
    configure(changed) {
      config = changed;
      networksOf = createNetworkFinder(changed.prefixLengths);
    },
  };
}

/** The admin API: no gate has this name. */
const adminGate = '';
const separator = ' ';

function nameOf(gate: string, network: string): string {
  return gate + separator + network;
}

function parseName(name: string): { gate: string | undefined; network: string } {
  const at = name.indexOf(separator);
  return { gate: name.slice(0, at) || undefined, network: name.slice(at + 1) };
}

function toStored(
  name: string,
  { level, at, since = at, failures, scale }: Bucket,
): StoredThrottle {
  return { name, level, at, since, failures, scale };
}
