import type { Bridge, BridgeIdentity, BridgeRequest } from '../core/decision/sign-on.ts';
import type { Gate } from '../core/gate/gate.ts';
import type { BridgeService, BridgeSettings } from '../core/model/sign-on-settings.ts';
import { type Deny, deny, isDenial } from '../core/model/verdict.ts';
import { createAnswerCache } from './answer-cache.ts';
import { forwardableAuthorization } from './authorization.ts';
import { createConcurrencyLimit } from './concurrency-limit.ts';
import { pickCookies } from './cookies.ts';
import { digest } from './digest.ts';
import { type ForwardedRequest, forwardedRequest, pathsToCheck } from './forwarded-request.ts';
import { interpretAnswer } from './interpret-answer.ts';
import { findLoginUrl } from './login.ts';
import { RequestFailed } from './request-failure.ts';
import { createServiceClient } from './service-client.ts';
import { profileFor } from './service-profiles.ts';
import { withinLimits } from './set-cookies.ts';

/**
 * Called when the health of a service changes: with the reason why it cannot be used, or with
 * undefined when it works again. The reason is safe to log.
 */
export type BridgeHealthListener = (service: BridgeService, why: string | undefined) => void;

/** Whose request it is, and when it is given up. */
interface RequestContext {
  /** Identifies the client: a hash of its credentials and address. */
  readonly owner: string;
  readonly clientAddress: string | undefined;
  readonly signal: AbortSignal;
}

/** What the checks of one request's paths share. */
interface CheckContext {
  /** Unix time in milliseconds. */
  readonly now: number;
  readonly mayDoExpensiveWork: () => boolean;
  readonly signal: AbortSignal;
}

/** A bridge with its life cycle. */
export interface ServiceBridge extends Bridge {
  /** Drops the cached answers; returns how many were in force. */
  forgetAnswers(now: number): number;
  /** Closes its connections; requests that still wait are denied. */
  close(): Promise<void>;
  /** Closes once no request is in flight. */
  retire(): Promise<void>;
}

/** A finished request to a service. */
export interface BridgeRequestRecord {
  readonly service: BridgeService;
  readonly milliseconds: number;
  /** Whether the response could be used. */
  readonly isAnswered: boolean;
}

/**
 * Creates the bridge to a service. Cookies and query parameters that may hold a token of this gate
 * are never forwarded.
 */
export function createBridge(
  settings: BridgeSettings,
  dependencies: {
    readonly gate: Pick<Gate, 'cookieNames' | 'queryNames'>;
    readonly onHealthChange: BridgeHealthListener;
    /** Called after each request. */
    readonly onRequest: (request: BridgeRequestRecord) => void;
  },
): ServiceBridge {
  const { gate, onHealthChange, onRequest } = dependencies;
  const { service, url, maxRequests, timeout, cacheTtl, keepConnections } = settings;
  const profile = profileFor(settings);
  const limiter = createConcurrencyLimit(maxRequests);
  const client = createServiceClient({
    url,
    timeout,
    keep: keepConnections,
    onConnected: limiter.serviceReached,
    onUnsolicitedAnswer: () =>
      setHealth('it sent an answer without a request: its connections are no longer reused'),
  });
  const cache = cacheTtl > 0 ? createAnswerCache(cacheTtl) : undefined;
  let lastFailure: string | undefined;
  let closed = false;
  const inFlight = new Set<Promise<unknown>>();

  function setHealth(why: string | undefined): void {
    if (why === lastFailure || closed) return;
    lastFailure = why;
    onHealthChange(service, why);
  }

  function unavailable(why: string): Deny {
    setHealth(why);
    return deny('sign_on_unavailable', why);
  }

  /** Never rejects, so concurrent callers that share the result do not either. */
  async function send(
    headers: Record<string, string>,
    forwarded: ForwardedRequest,
    { owner, clientAddress, signal }: RequestContext,
  ): Promise<BridgeIdentity | Deny> {
    let start = 0;
    const task = () => {
      start = performance.now();
      return client.get(profile.path, headers, { owner, signal });
    };
    const sent = limiter.run(clientAddress, task, signal);
    // Not reported as a failure: the cause was reported already, or the service is only busy.
    if (sent === undefined) return tooManyRequests();
    const outcome = await sent
      .then((answer) =>
        answer === 'too_late'
          ? tooManyRequests()
          : interpretAnswer(answer, profile, forwarded, gate.cookieNames),
      )
      .catch((error: Error) => error);
    if (start === 0) return tooManyRequests();
    const isAnswered = !(outcome instanceof Error) && !('why' in outcome);
    onRequest({ service, milliseconds: performance.now() - start, isAnswered });
    if (outcome instanceof Error) {
      const isLate = outcome instanceof RequestFailed && outcome.kind === 'late';
      return { ...unavailable(outcome.message), ...(isLate && { timedOut: true }) };
    }
    if ('why' in outcome) return unavailable(outcome.why);
    setHealth(undefined);
    return outcome;
  }

  /** The denial carries the login URL: signing in stays possible. */
  function throttled(forwarded: ForwardedRequest): Deny {
    const login = findLoginUrl({}, profile, forwarded, false);
    return { ...deny('throttled'), ...(login !== undefined && { login }) };
  }

  /** Asks the service about one path. */
  async function checkPath(
    { handshake, cookies, authorization }: BridgeRequest,
    { now, mayDoExpensiveWork, signal }: CheckContext,
  ): Promise<BridgeIdentity | Deny> {
    const forwarded = forwardedRequest(handshake, gate.queryNames);
    const requestHeaders = profile.renderHeaders(forwarded);
    // Without it the service would apply its rules to Postern's own address.
    if (Object.values(requestHeaders).includes('')) {
      return unavailable('nginx does not send the client address (X-Real-IP)');
    }
    const credentials = {
      ...(cookies !== undefined && { Cookie: cookies }),
      ...forwardableAuthorization(authorization),
    };
    const headers = { ...requestHeaders, ...credentials };
    const hasCredential = Object.keys(credentials).length > 0;
    const { clientAddress } = handshake;
    const owner = digest([...Object.entries(credentials).flat(), clientAddress ?? '']);
    const ask = () => send(headers, forwarded, { owner, clientAddress, signal });
    if (cache === undefined || !hasCredential)
      return mayDoExpensiveWork() ? ask() : throttled(forwarded);
    // The URL is part of the key even where the service does not see it: a denial links back to it.
    const keyParts = [forwarded.url, ...Object.entries(headers).flat()];
    return (await cache.find(keyParts, now, ask, mayDoExpensiveWork)) ?? throttled(forwarded);
  }

  /** Asks the service about a request, by one path or by both readings of it. */
  async function checkRequest(
    request: BridgeRequest,
    now: number,
    mayDoExpensiveWork: () => boolean,
  ): Promise<BridgeIdentity | Deny> {
    const { handshake } = request;
    const [resolved, asSent] = pathsToCheck(handshake);
    // One deadline for both requests, queueing included: nginx waits for a single answer.
    const context = { now, mayDoExpensiveWork, signal: AbortSignal.timeout(timeout) };
    const check = (path: typeof resolved) =>
      checkPath({ ...request, handshake: { ...handshake, path } }, context);
    const outcome = await check(resolved);
    if (asSent === undefined || isDenial(outcome)) return outcome;
    const other = await check(asSent);
    if (!isDenial(other)) {
      return other.subject === outcome.subject
        ? withCookiesOf(outcome, other)
        : deny('ambiguous_path', 'sign-on service');
    }
    const isDenied = other.reason === 'sign_on_denied' || other.reason === 'sign_on_forbidden';
    return isDenied ? deny('ambiguous_path', 'sign-on service: not the path as sent') : other;
  }

  async function close(): Promise<void> {
    closed = true;
    cache?.clear(0);
    await client.close();
  }

  return {
    acceptsBearer: profile.acceptsBearer,
    selectCookies: (header) => pickCookies(header, profile.cookies, gate.cookieNames),
    async ask(request, now, mayDoExpensiveWork) {
      if (closed) return deny('sign_on_unavailable', 'stopping');
      const pending = checkRequest(request, now, mayDoExpensiveWork);
      inFlight.add(pending);
      return pending.finally(() => inFlight.delete(pending));
    },
    forgetAnswers: (now) => cache?.clear(now) ?? 0,
    close,
    async retire() {
      // Requests that did not start by now belong to rules that are no longer in force.
      while (inFlight.size > 0) await Promise.allSettled(inFlight);
      await close();
    },
  };
}

/** The identity with the cookies of both answers about one request, in their order. */
function withCookiesOf(identity: BridgeIdentity, other: BridgeIdentity): BridgeIdentity {
  const { setCookies: first = [], ...rest } = identity;
  const setCookies = withinLimits([...first, ...(other.setCookies ?? [])]);
  return setCookies.length === 0 ? rest : { ...rest, setCookies };
}

function tooManyRequests(): Deny {
  return deny('sign_on_unavailable', 'too many requests at once');
}
