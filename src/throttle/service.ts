import type { ThrottleConfig } from '../config/config.ts';
import type {
  Attempt,
  Throttle,
  ThrottledNetwork,
  ThrottleFilter,
  ThrottleInfo,
} from '../core/model/throttle.ts';
import type { StoredThrottle } from '../store/port.ts';
import { type Bucket, drainTime, exhaustedUntil, LeakyBuckets } from './leaky-buckets.ts';
import { createNetworkFinder, networksMatching } from './networks.ts';

/** Counts failed attempts for everybody who has to know. */
export interface ThrottleService {
  /** For decisions. */
  readonly port: Throttle;
  /** For those who only ask what would be: counts nothing. */
  readonly dryPort: Throttle;
  /** Takes note of a wrong admin key; undefined while there were not too many. */
  adminFailed(address: string | undefined, now: number): ThrottleInfo | undefined;
  /** The longest throttled first. */
  list(now: number): readonly ThrottledNetwork[];
  /** Tells the counts that a filter means by their names. */
  matcherFor(filter: ThrottleFilter): (name: string) => boolean;
  /** Forgets what failed, and returns those that were throttled. */
  clear(filter: ThrottleFilter, now: number): readonly ThrottledNetwork[];
  /** Takes over what is known elsewhere. */
  merge(counts: readonly StoredThrottle[]): void;
  /** Other limits, for what was counted already too. */
  configure(config: ThrottleConfig): void;
}

/** Where nginx does not say who the client is. */
const unknownNetwork = 'unknown';

/** The other end of a Unix socket. */
const socketNetwork = 'unix';

/** How many times the budget of a client's own network those around it have between them. */
const wideScale = 16;

/** Of a window: how often others are told of one that goes on. */
const tellPart = 0.25;

/**
 * Builds the service. `tell` learns of counts that are over, when they get there and now and then
 * while they go on; `crossed` of each that gets there.
 */
export function createThrottle(
  first: ThrottleConfig,
  listeners: {
    readonly crossed: (network: ThrottledNetwork) => void;
    readonly tell: (count: StoredThrottle) => void;
  },
): ThrottleService {
  const attempts = new LeakyBuckets();
  const told = new WeakMap<Bucket, number>();
  let config = first;
  let networksOf = createNetworkFinder(first.prefixLengths);

  /** The count of whom the attempt counts against, if it is over. */
  function findOver({ gate, clientAddress, now }: Attempt): Bucket | undefined {
    if (!attempts.isAnyExhausted) return undefined;
    const networks = networksOf(clientAddress, unknownNetwork);
    const find = (network: string | undefined) =>
      network === undefined
        ? undefined
        : attempts.findExhausted(nameOf(gate, network), config, now);
    return find(networks.clientPrefix) ?? find(networks.widerPrefix);
  }

  const isCounted = (address: string | undefined) =>
    config.enabled && !(address !== undefined && config.exempt?.includes(address));

  function count(attempt: Attempt, weight: number, unnamed: string): Bucket | undefined {
    const { gate, clientAddress, now } = attempt;
    const { clientPrefix: own, widerPrefix: around } = networksOf(clientAddress, unnamed);
    const add = (network: string, scale: number) => {
      const name = nameOf(gate, network);
      const added = attempts.add(name, weight, scale, config, now);
      if (added.crossed) listeners.crossed(show(name, added.count));
      if (added.crossed || added.wasOver) tell(name, added.count, now);
      return added;
    };
    const { wasOver, count } = add(own, 1);
    if (wasOver) return count;
    // One network alone does not use up what is for all those around it.
    const wider = around === undefined ? undefined : add(around, wideScale);
    return wider?.wasOver ? wider.count : undefined;
  }

  function tell(name: string, count: Bucket, now: number): void {
    const last = told.get(count);
    if (last !== undefined && Math.abs(now - last) < config.window * tellPart) return;
    told.set(count, now);
    listeners.tell(toKnown(name, count));
  }

  function failed(attempt: Attempt, weight: number, unnamed: string): ThrottleInfo | undefined {
    if (!isCounted(attempt.clientAddress)) return undefined;
    const over = weight > 0 ? count(attempt, weight, unnamed) : findOver(attempt);
    return over && { retryAfter: retryAfter(over, attempt.now), record: sample(over, attempt.now) };
  }

  const retryAfter = (count: Bucket, now: number) =>
    Math.max(0, exhaustedUntil(count, config) - now);

  function sample(count: Bucket, now: number): ThrottleInfo['record'] {
    const { writtenAt, omitted } = count;
    if (writtenAt !== undefined && Math.abs(now - writtenAt) < config.window) {
      count.omitted++;
      return 'skip';
    }
    count.writtenAt = now;
    count.omitted = 0;
    return { omitted };
  }

  const show = (name: string, count: Bucket): ThrottledNetwork => {
    const { gate, network } = readName(name);
    const { since = count.at, failures } = count;
    const until = Math.round(exhaustedUntil(count, config));
    return { gate, network, since, until, failures: Math.round(failures) };
  };

  const list = (now: number) =>
    [...attempts.allExhausted(config, now)]
      .map(([name, count]) => show(name, count))
      .sort((a, b) => a.since - b.since || (a.network < b.network ? -1 : 1));

  function meaning({ gate, network }: ThrottleFilter): (name: string) => boolean {
    const meant = network === undefined ? undefined : networksMatching(network, networksOf);
    return (name) => {
      const at = readName(name);
      return (gate === undefined || at.gate === gate) && (meant?.includes(at.network) ?? true);
    };
  }

  /** Who has no address is many, and one of them must not stop the others. */
  const isStoppable = ({ clientAddress }: Attempt) =>
    isCounted(clientAddress) &&
    networksOf(clientAddress, unknownNetwork).clientPrefix !== unknownNetwork;

  const findStopped = (attempt: Attempt) => {
    const over = findOver(attempt);
    return over !== undefined && isStoppable(attempt) ? over : undefined;
  };

  return {
    port: {
      mayDoExpensiveWork(attempt) {
        const over = findStopped(attempt);
        if (over === undefined) return true;
        if (attempt.now < over.nextExpensiveWork) return false;
        over.nextExpensiveWork = attempt.now + drainTime(over, config);
        return true;
      },
      failed: (attempt, weight) => failed(attempt, weight, unknownNetwork),
    },
    dryPort: {
      mayDoExpensiveWork: (attempt) => findStopped(attempt) === undefined,
      failed(attempt) {
        const over = isCounted(attempt.clientAddress) ? findOver(attempt) : undefined;
        return over && { retryAfter: retryAfter(over, attempt.now), record: 'skip' };
      },
    },
    adminFailed: (address, now) =>
      failed({ gate: adminGate, clientAddress: address, now }, 1, socketNetwork),
    list,
    matcherFor: meaning,
    clear(filter, now) {
      const isMeant = meaning(filter);
      const cleared = list(now).filter(({ gate = adminGate, network }) =>
        isMeant(nameOf(gate, network)),
      );
      attempts.forget(isMeant);
      return cleared;
    },
    merge(counts) {
      for (const { name, ...count } of counts) attempts.merge(name, count, config);
    },
    configure(changed) {
      config = changed;
      networksOf = createNetworkFinder(changed.prefixLengths);
    },
  };
}

/** Stands for the admin API: no gate has this name. */
const adminGate = '';
const separator = ' ';

function nameOf(gate: string, network: string): string {
  return gate + separator + network;
}

function readName(name: string): { gate: string | undefined; network: string } {
  const at = name.indexOf(separator);
  return { gate: name.slice(0, at) || undefined, network: name.slice(at + 1) };
}

function toKnown(name: string, { level, at, since = at, failures, scale }: Bucket): StoredThrottle {
  return { name, level, at, since, failures, scale };
}
