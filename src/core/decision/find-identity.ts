import { type MaybePromise, mapMaybePromise } from '../../lib/maybe-promise.ts';
import { tokenPrefix } from '../../lib/secret.ts';
import { type Identity, identityWithoutToken } from '../model/identity.ts';
import { type Deny, deny, isDenial } from '../model/verdict.ts';
import { addTraceNote, type DecisionContext } from './context.ts';
import { throttleAttempt } from './failed-attempts.ts';
import { hintAtForeignCredential } from './foreign-credential.ts';
import type { BridgeIdentity, BridgeRequest } from './sign-on.ts';

/** Establishes the identity from the basis of access. */
export function findIdentity(context: DecisionContext): MaybePromise<Deny | undefined> {
  return mapMaybePromise(identify(context), (found) => acceptIdentity(context, found));
}

function acceptIdentity(context: DecisionContext, found: BridgeIdentity | Deny): Deny | undefined {
  if (isDenial(found)) {
    // An expired or revoked token still has a subject, which the log shows.
    if (found.identity !== undefined) context.identity = found.identity;
    return hintAtForeignCredential(found, context);
  }
  const claimed = context.credential?.claimedSubject;
  // The same reason as for an unknown token, so that it reveals nothing to an attacker.
  if (claimed !== undefined && claimed !== found.subject) return deny('unknown_token');
  context.identity = keepCookiesApart(context, found);
  addTraceNote(context, `${found.kind} of ${found.subject}`);
  return undefined;
}

/** Identities are logged and signed; cookies are secrets for the client alone. */
function keepCookiesApart(context: DecisionContext, found: BridgeIdentity): Identity {
  if (found.setCookies === undefined) return found;
  const { setCookies, ...identity } = found;
  context.setCookies = setCookies;
  addTraceNote(context, `the sign-on service sets ${setCookies.length} cookies`);
  return identity;
}

function identify(context: DecisionContext): MaybePromise<BridgeIdentity | Deny> {
  const { basis, credential, bridgeRequest, gate, now, ports } = context;
  const mayDoExpensiveWork = () => {
    const may = ports.throttle.mayDoExpensiveWork(throttleAttempt(context));
    if (!may) addTraceNote(context, 'too many failed attempts: no expensive check is done');
    return may;
  };
  if (basis === 'network') return identityWithoutToken('network', gate.networks.trustAs);
  if (bridgeRequest !== undefined) {
    const bridge = ports.bridgeOf(gate);
    return bridge?.ask(bridgeRequest, now, mayDoExpensiveWork) ?? deny('sign_on_unavailable');
  }
  if (credential === undefined) return deny('no_credential');
  const verified = ports.verify(credential, now, mayDoExpensiveWork);
  if (gate.bridge === undefined || credential.source !== 'bearer') return verified;
  return mapMaybePromise(verified, (found) =>
    isDenial(found) && found.reason === 'unknown_token'
      ? askAboutForeignBearer(context, found, mayDoExpensiveWork)
      : found,
  );
}

/**
 * A Bearer token that is neither of Postern nor of a configured issuer may be the sign-on service's own, as
 * Vouch accepts its JWT in that header. A denial by the service leaves the token unknown.
 */
function askAboutForeignBearer(
  context: DecisionContext,
  unknown: Deny,
  mayDoExpensiveWork: () => boolean,
): MaybePromise<BridgeIdentity | Deny> {
  const { handshake, credential, gate, now, purpose, ports } = context;
  const bridge = gate.sources.includes('bridge') ? ports.bridgeOf(gate) : undefined;
  const isOurs = credential?.value.startsWith(tokenPrefix);
  if (bridge?.acceptsBearer !== true || isOurs || purpose === 'sign_in') return unknown;
  addTraceNote(context, 'unknown to Postern: the sign-on service is asked about it');
  const { authorization } = handshake;
  const request: BridgeRequest = { handshake, cookies: undefined, authorization };
  return bridge.ask(request, now, mayDoExpensiveWork).then((found) => {
    if (isDenial(found) && found.reason === 'sign_on_denied') return unknown;
    context.basis = 'bridge';
    context.bridgeRequest = request;
    return isDenial(found) ? { ...found, isGuess: true } : found;
  });
}
