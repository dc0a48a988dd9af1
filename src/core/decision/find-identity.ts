import { type MaybePromise, mapMaybePromise } from '../../lib/maybe-promise.ts';
import { bareIdentity, type Identity } from '../model/identity.ts';
import { type Deny, deny, isDenial } from '../model/verdict.ts';
import { type DecisionContext, note } from './context.ts';
import { attemptOf } from './count-denial.ts';

/** Finds out who it is, from whatever the decision rests on. */
export function findIdentity(context: DecisionContext): MaybePromise<Deny | undefined> {
  return mapMaybePromise(identify(context), (found) => take(context, found));
}

function take(context: DecisionContext, found: Identity | Deny): Deny | undefined {
  if (isDenial(found)) {
    // A token that is no good any more is known all the same, and the log says whose it was.
    if (found.identity !== undefined) context.identity = found.identity;
    return found;
  }
  const claimed = context.credential?.claimedSubject;
  // The same words as for a token that does not exist: a guesser learns nothing from the difference.
  if (claimed !== undefined && claimed !== found.subject) return deny('unknown_token');
  context.identity = found;
  note(context, `${found.kind} of ${found.subject}`);
  return undefined;
}

function identify(context: DecisionContext): MaybePromise<Identity | Deny> {
  const { basis: grounds, credential, bridged, gate, now, ports } = context;
  const mayWork = () => {
    const may = ports.throttle.mayDoExpensiveWork(attemptOf(context));
    if (!may) note(context, 'too many failed attempts: no expensive check is done');
    return may;
  };
  if (grounds === 'network') return bareIdentity('network', gate.networks.trustAs);
  if (bridged !== undefined) {
    const bridge = ports.bridgeOf(gate);
    return bridge?.ask(bridged, now, mayWork) ?? deny('sign_on_unavailable');
  }
  return credential === undefined ? deny('no_credential') : ports.verify(credential, now, mayWork);
}
