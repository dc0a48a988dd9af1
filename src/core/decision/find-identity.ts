import { type Awaitable, whenKnown } from '../../lib/maybe-promise.ts';
import { bareIdentity, type Identity } from '../model/identity.ts';
import { type Deny, deny, isDenial } from '../model/verdict.ts';
import { type Inquiry, note } from './context.ts';
import { attemptOf } from './count-denial.ts';

/** Finds out who it is, from whatever the decision rests on. */
export function findIdentity(inquiry: Inquiry): Awaitable<Deny | undefined> {
  return whenKnown(identify(inquiry), (found) => take(inquiry, found));
}

function take(inquiry: Inquiry, found: Identity | Deny): Deny | undefined {
  if (isDenial(found)) {
    // A token that is no good any more is known all the same, and the log says whose it was.
    if (found.identity !== undefined) inquiry.identity = found.identity;
    return found;
  }
  const claimed = inquiry.credential?.claimedSubject;
  // The same words as for a token that does not exist: a guesser learns nothing from the difference.
  if (claimed !== undefined && claimed !== found.subject) return deny('unknown_token');
  inquiry.identity = found;
  note(inquiry, `${found.kind} of ${found.subject}`);
  return undefined;
}

function identify(inquiry: Inquiry): Awaitable<Identity | Deny> {
  const { grounds, credential, bridged, gate, now, ports } = inquiry;
  const mayWork = () => {
    const may = ports.throttle.mayWork(attemptOf(inquiry));
    if (!may) note(inquiry, 'too many attempts failed: nothing that costs work is done');
    return may;
  };
  if (grounds === 'network') return bareIdentity('network', gate.networks.trustAs);
  if (bridged !== undefined) {
    const bridge = ports.bridgeOf(gate);
    return bridge?.ask(bridged, now, mayWork) ?? deny('sign_on_unavailable');
  }
  return credential === undefined ? deny('no_credential') : ports.verify(credential, now, mayWork);
}
