import type { Bridge, BridgeRequest, BridgeService, BridgeSettings } from '../core/bridge.ts';
import type { Gate } from '../core/gate.ts';
import type { Identity } from '../core/identity.ts';
import { type Deny, deny, isDenial } from '../core/verdict.ts';
import { createAnswerCache } from './answer-cache.ts';
import { ownAuthorization } from './authorization.ts';
import { createClient } from './client.ts';
import { pickCookies } from './cookies.ts';
import { describeHandshake, type Facts, pathsToTell } from './facts.ts';
import { judgeAnswer } from './judge.ts';
import { findLogin } from './login.ts';
import { chooseSignOn } from './services.ts';
import { createTurnstile } from './turnstile.ts';

/**
 * Learns why a service cannot be asked, or its answers cannot be used; undefined when it can again.
 * Called when that changes, not each time. The words may be logged.
 */
export type ReportBridge = (service: BridgeService, why: string | undefined) => void;

/** One question to a service. */
export interface BridgeAnswered {
  readonly service: BridgeService;
  readonly milliseconds: number;
  /** Whether there was an answer that means something. */
  readonly isAnswered: boolean;
}

/** For each request under way, so many more may wait for a connection. */
const waitingPerRequest = 4;

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
): Bridge {
  const { gate, report, answered } = dependencies;
  const { service, url, maxRequests, timeout, cacheTtl } = settings;
  const signOn = chooseSignOn(settings);
  const client = createClient({ url, connections: maxRequests, timeout });
  const turnstile = createTurnstile(maxRequests * (1 + waitingPerRequest));
  const cache = cacheTtl > 0 ? createAnswerCache(cacheTtl) : undefined;
  let trouble: string | undefined;
  let closed = false;

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
  async function send(headers: Record<string, string>, facts: Facts): Promise<Identity | Deny> {
    const start = performance.now();
    const sent = turnstile.pass(() => client.get(signOn.path, headers));
    // No news about the service: what makes it slow was reported, or it is merely busy.
    if (sent === undefined) return deny('sign_on_unavailable', 'too many requests at once');
    const found = await sent
      .then((answer) => judgeAnswer(answer, signOn, facts))
      .catch((error: Error) => ({ why: error.message }));
    const isAnswered = !('why' in found);
    answered({ service, milliseconds: performance.now() - start, isAnswered });
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
    now: number,
    mayWork: () => boolean,
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
    const ask = () => send(headers, facts);
    if (cache === undefined || !hasCredential) return mayWork() ? ask() : throttled(facts);
    // The address belongs to the question even where the service is not told: a denial leads back
    // to it.
    const question = [facts.url, ...Object.entries(headers).flat()];
    return (await cache.find(question, now, ask, mayWork)) ?? throttled(facts);
  }

  return {
    cookiesOf: (header) => pickCookies(header, signOn.cookies, gate.cookieNames),
    async ask(request: BridgeRequest, now, mayWork) {
      if (closed) return deny('sign_on_unavailable', 'stopping');
      const { handshake } = request;
      const [first, asSent] = pathsToTell(handshake);
      const found = await askAbout(
        { ...request, handshake: { ...handshake, path: first } },
        now,
        mayWork,
      );
      if (asSent === undefined || isDenial(found)) return found;
      const other = await askAbout(
        { ...request, handshake: { ...handshake, path: asSent } },
        now,
        mayWork,
      );
      if (!isDenial(other)) {
        return other.subject === found.subject ? found : deny('ambiguous_path', 'sign-on service');
      }
      const isDenied = other.reason === 'sign_on_denied' || other.reason === 'sign_on_forbidden';
      return isDenied ? deny('ambiguous_path', 'sign-on service: not the path as sent') : other;
    },
    async close() {
      closed = true;
      cache?.clear();
      await client.close();
    },
  };
}
