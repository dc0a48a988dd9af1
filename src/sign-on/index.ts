import type { Bridge, BridgeRequest } from '../core/decision/sign-on.ts';
import type { Gate } from '../core/gate/gate.ts';
import type { Identity } from '../core/model/identity.ts';
import type { BridgeService, BridgeSettings } from '../core/model/sign-on-settings.ts';
import { type Deny, deny, isDenial } from '../core/model/verdict.ts';
import { createAnswerCache } from './answer-cache.ts';
import { ownAuthorization } from './authorization.ts';
import { createClient } from './client.ts';
import { createConcurrencyLimit } from './concurrency-limit.ts';
import { pickCookies } from './cookies.ts';
import { digest } from './digest.ts';
import { describeHandshake, type Facts, pathsToTell } from './facts.ts';
import { AskFailed } from './failure.ts';
import { findLogin } from './login.ts';
import { readAnswer } from './read-answer.ts';
import { chooseSignOn } from './services.ts';

/**
 * Learns why a service cannot be asked, or its answers cannot be used; undefined when it can again.
 * Called when that changes, not each time. The words may be logged.
 */
export type ReportBridge = (service: BridgeService, why: string | undefined) => void;

/** For whom the service is asked, and how long they wait. */
interface Asker {
  /** Stands for the person: what they present, and from where. */
  readonly holder: string;
  readonly clientAddress: string | undefined;
  readonly signal: AbortSignal;
}

/** A bridge as whoever opened it has it. */
export interface ServiceBridge extends Bridge {
  /** Gives its connections up; whoever still waits for an answer is denied. */
  close(): Promise<void>;
  /** The same, once nobody waits for an answer any more. */
  retire(): Promise<void>;
}

/** One question to a service. */
export interface BridgeAnswered {
  readonly service: BridgeService;
  readonly milliseconds: number;
  /** Whether there was an answer that means something. */
  readonly isAnswered: boolean;
}

/**
 * Builds the bridge to a service. What may hold a token by the names of the gate, in a cookie or in
 * the query, is never part of what the service is told.
 */
export function createBridge(
  settings: BridgeSettings,
  dependencies: {
    readonly gate: Pick<Gate, 'cookieNames' | 'queryNames'>;
    readonly report: ReportBridge;
    /** Learns of each question, when it is over. */
    readonly answered: (question: BridgeAnswered) => void;
  },
): ServiceBridge {
  const { gate, report, answered } = dependencies;
  const { service, url, maxRequests, timeout, cacheTtl, keepConnections } = settings;
  const signOn = chooseSignOn(settings);
  const limiter = createConcurrencyLimit(maxRequests);
  const client = createClient({
    url,
    timeout,
    keep: keepConnections,
    reached: limiter.reached,
    unasked: () => settle('it sent an answer to no question: its connections are kept no longer'),
  });
  const cache = cacheTtl > 0 ? createAnswerCache(cacheTtl) : undefined;
  let trouble: string | undefined;
  let closed = false;
  const underWay = new Set<Promise<unknown>>();

  function settle(why: string | undefined): void {
    if (why === trouble || closed) return;
    trouble = why;
    report(service, why);
  }

  function unavailable(why: string): Deny {
    settle(why);
    return deny('sign_on_unavailable', why);
  }

  /** Never rejects, so neither does what shares its answer. */
  async function send(
    headers: Record<string, string>,
    facts: Facts,
    { holder, clientAddress, signal }: Asker,
  ): Promise<Identity | Deny> {
    let start = 0;
    const task = () => {
      start = performance.now();
      return client.get(signOn.path, headers, { holder, signal });
    };
    const sent = limiter.run(clientAddress, task, signal);
    // No news about the service: what makes it slow was reported, or it is merely busy.
    if (sent === undefined) return tooMany();
    const found = await sent
      .then((answer) => (answer === 'too_late' ? tooMany() : readAnswer(answer, signOn, facts)))
      .catch((error: Error) => error);
    if (start === 0) return tooMany();
    const isAnswered = !(found instanceof Error) && !('why' in found);
    answered({ service, milliseconds: performance.now() - start, isAnswered });
    if (found instanceof Error) {
      const isLate = found instanceof AskFailed && found.kind === 'late';
      return { ...unavailable(found.message), ...(isLate && { timedOut: true }) };
    }
    if ('why' in found) return unavailable(found.why);
    settle(undefined);
    return found;
  }

  /** Whoever has to sign in first may still do so. */
  function throttled(facts: Facts): Deny {
    const login = findLogin({}, signOn, facts, false);
    return { ...deny('throttled'), ...(login !== undefined && { login }) };
  }

  /** Asks about one path. */
  async function askAbout(
    { handshake, cookies, authorization }: BridgeRequest,
    {
      now,
      mayDoExpensiveWork,
      signal,
    }: { now: number; mayDoExpensiveWork: () => boolean; signal: AbortSignal },
  ): Promise<Identity | Deny> {
    const facts = describeHandshake(handshake, gate.queryNames);
    const told = signOn.renderHeaders(facts);
    // The service would take Postern's own address for the client's, and judge by that.
    if (Object.values(told).includes('')) {
      return unavailable('nginx does not say the address of its client (X-Real-IP)');
    }
    const credentials = {
      ...(cookies !== undefined && { Cookie: cookies }),
      ...ownAuthorization(authorization),
    };
    const headers = { ...told, ...credentials };
    const hasCredential = Object.keys(credentials).length > 0;
    const { clientAddress } = handshake;
    const holder = digest([...Object.entries(credentials).flat(), clientAddress ?? '']);
    const ask = () => send(headers, facts, { holder, clientAddress, signal });
    if (cache === undefined || !hasCredential)
      return mayDoExpensiveWork() ? ask() : throttled(facts);
    // The address belongs to the question even where the service is not told: a denial leads back
    // to it.
    const question = [facts.url, ...Object.entries(headers).flat()];
    return (await cache.find(question, now, ask, mayDoExpensiveWork)) ?? throttled(facts);
  }

  /** Asks about a request, by the one path that it has or by both. */
  async function askFor(
    request: BridgeRequest,
    now: number,
    mayDoExpensiveWork: () => boolean,
  ): Promise<Identity | Deny> {
    const { handshake } = request;
    const [first, asSent] = pathsToTell(handshake);
    // Both questions together, and waiting for them: nginx waits no longer for the one answer.
    const asked = { now, mayDoExpensiveWork, signal: AbortSignal.timeout(timeout) };
    const about = (path: typeof first) =>
      askAbout({ ...request, handshake: { ...handshake, path } }, asked);
    const found = await about(first);
    if (asSent === undefined || isDenial(found)) return found;
    const other = await about(asSent);
    if (!isDenial(other)) {
      return other.subject === found.subject ? found : deny('ambiguous_path', 'sign-on service');
    }
    const isDenied = other.reason === 'sign_on_denied' || other.reason === 'sign_on_forbidden';
    return isDenied ? deny('ambiguous_path', 'sign-on service: not the path as sent') : other;
  }

  async function close(): Promise<void> {
    closed = true;
    cache?.clear();
    await client.close();
  }

  return {
    selectCookies: (header) => pickCookies(header, signOn.cookies, gate.cookieNames),
    async ask(request, now, mayDoExpensiveWork) {
      if (closed) return deny('sign_on_unavailable', 'stopping');
      const asking = askFor(request, now, mayDoExpensiveWork);
      underWay.add(asking);
      return asking.finally(() => underWay.delete(asking));
    },
    close,
    async retire() {
      // A question that was not asked by now is one of rules that are no longer in force.
      while (underWay.size > 0) await Promise.allSettled(underWay);
      await close();
    },
  };
}

function tooMany(): Deny {
  return deny('sign_on_unavailable', 'too many requests at once');
}
