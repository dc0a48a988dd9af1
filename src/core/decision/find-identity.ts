import { type MaybePromise, mapMaybePromise } from '../../lib/maybe-promise.ts';
import { type Identity, identityWithoutToken } from '../model/identity.ts';
import { type Deny, deny, isDenial } from '../model/verdict.ts';
import { addTraceNote, type DecisionContext } from './context.ts';
import { throttleAttempt } from './failed-attempts.ts';
import { hintAtForeignCredential } from './foreign-credential.ts';

/** Establishes the identity from the basis of access. */
export function findIdentity(context: DecisionContext): MaybePromise<Deny | undefined> {
  return mapMaybePromise(identify(context), (found) => acceptIdentity(context, found));
}

function acceptIdentity(context: DecisionContext, found: Identity | Deny): Deny | undefined {
  if (isDenial(found)) {
    // An expired or revoked token still has a subject, which the log shows.
    if (found.identity !== undefined) context.identity = found.identity;
    return hintAtForeignCredential(found, context);
  }
  const claimed = context.credential?.claimedSubject;
  // The same reason as for an unknown token, so that it reveals nothing to an attacker.
  if (claimed !== undefined && claimed !== found.subject) return deny('unknown_token');
  context.identity = found;
  addTraceNote(context, `${found.kind} of ${found.subject}`);
  return undefined;
}

function identify(context: DecisionContext): MaybePromise<Identity | Deny> {
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
  return credential === undefined
    ? deny('no_credential')
    : ports.verify(credential, now, mayDoExpensiveWork);
}
