import { holdsSecret } from '../../lib/mask.ts';
import { isOriginAllowed, listsOrigins } from '../gate/origin.ts';
import { type Deny, deny } from '../model/verdict.ts';
import { type DecisionContext, note } from './context.ts';
import type { CredentialSource } from './credential-source.ts';

/** RFC 6455, section 4.1: a handshake upgrades to websocket and nothing else, by GET. */
export function checkUpgrade(context: DecisionContext): Deny | undefined {
  const { upgrade, method } = context.handshake;
  note(context, upgrade === 'none' ? 'an ordinary request' : `asks to upgrade: ${upgrade}`);
  if (upgrade === 'none') return undefined;
  return upgrade === 'websocket' && method === 'GET' ? undefined : deny('upgrade_not_websocket');
}

/**
 * Where nginx leaves the query as it is, a token in it would reach the backend, whatever lets the request in.
 * It is not looked at any further: it is known to somebody else by now, or would be.
 */
export function checkKeptToken({ handshake, gate, ports }: DecisionContext): Deny | undefined {
  const { keepsToken, query } = handshake;
  if (!keepsToken || query === undefined) return undefined;
  const isRead = gate.sources.includes('query');
  const presented = isRead && ports.sources.get('query')?.extract(handshake, gate) !== undefined;
  if (!presented && !holdsSecret(query)) return undefined;
  return deny(
    'malformed_request',
    'a token in the query would reach the backend: the lines that remove it did not run (a break before the include, limit_except, a nested location): include the file of the gate before every rewrite, and in the nested location too, or send the token in another way',
  );
}

/** A gate that has rules for client addresses has to know the client's. */
export function checkNetworks(context: DecisionContext): Deny | undefined {
  const { handshake, gate } = context;
  const { allow, deny: denied } = gate.networks;
  if (allow === undefined && denied === undefined) {
    note(context, 'all are allowed');
    return undefined;
  }
  const { clientAddress } = handshake;
  if (clientAddress === undefined) return deny('network_not_allowed', 'no client address');
  if (denied?.includes(clientAddress)) return deny('network_not_allowed', 'networks.deny');
  const isIn = allow === undefined || allow.includes(clientAddress);
  return isIn ? undefined : deny('network_not_allowed', 'networks.allow');
}

/** A gate that names its origins wants one of them with every handshake, whatever the credential. */
export function checkListedOrigin(context: DecisionContext): Deny | undefined {
  const { handshake, gate } = context;
  if (!listsOrigins(gate.origins)) {
    note(context, 'the gate lists none');
    return undefined;
  }
  // Browsers send no Origin with a plain navigation, so only a handshake has to have one.
  if (handshake.upgrade === 'none' && handshake.origin === undefined) return undefined;
  return isOriginAllowed(handshake, gate.origins) ? undefined : deny('origin_not_allowed');
}

/**
 * A browser sends a cookie whoever wrote the page, and the same-origin policy does not cover
 * WebSocket: only the Origin tells a page of ours from a stranger's (RFC 6455, section 10.2).
 */
export function checkCrossSite(context: DecisionContext): Deny | undefined {
  const { handshake, gate } = context;
  const need = originNeed(context);
  if (need === 'none') return undefined;
  // Browsers send an Origin with every handshake, but with a plain navigation none.
  const mayLack = need === 'present' || handshake.upgrade === 'none';
  if (handshake.origin === undefined && mayLack) return undefined;
  note(
    context,
    handshake.origin === undefined ? 'an Origin is needed' : 'the Origin must be allowed',
  );
  return isOriginAllowed(handshake, gate.origins) ? undefined : deny('origin_not_allowed');
}

/**
 * What the page behind the handshake has to prove. Being in a network proves nothing about it, but
 * programs, which send no Origin, are what networks are trusted for.
 */
function originNeed({
  basis: grounds,
  credential,
  bridged,
  ports,
}: DecisionContext): CredentialSource['origin'] {
  if (grounds === 'network') return 'present';
  if (bridged !== undefined) return bridged.cookies === undefined ? 'present' : 'required';
  const source = credential && ports.sources.get(credential.source);
  return source?.origin ?? 'required';
}

/**
 * TLS early data can be replayed by whoever recorded it, and arrives before anybody has shown that they are there
 * (RFC 8446, section 8). What is used up, and a session that a browser adds by itself, wait for the handshake
 * of TLS to be complete; the client sends the request again (RFC 8470, section 5.2).
 */
export function checkEarlyData(context: DecisionContext): Deny | undefined {
  const { handshake, gate, identity, bridged } = context;
  if (!handshake.isEarly) return undefined;
  note(context, 'sent as early data of TLS');
  const isUsedUp =
    identity?.maxUses !== undefined || (gate.jwtSingleUse && identity?.jwt !== undefined);
  const isSession = identity?.kind === 'session' || bridged?.cookies !== undefined;
  return isUsedUp || isSession ? deny('too_early') : undefined;
}

/** A gate takes the kinds that it names, and none that is good more often than it wants. */
export function checkKind({ gate, identity }: DecisionContext): Deny | undefined {
  const kinds: readonly string[] = gate.kinds;
  if (identity === undefined || !kinds.includes(identity.kind)) return deny('kind_not_accepted');
  if (gate.maxUses === undefined) return undefined;
  const uses = gate.jwtSingleUse && identity.jwt !== undefined ? 1 : identity.maxUses;
  const isFew = uses !== undefined && uses <= gate.maxUses;
  return isFew ? undefined : deny('kind_not_accepted', 'max_uses');
}

/**
 * A gate that takes each JWT once needs an id to know it again by. Whether it was used is asked here
 * so that it can be said without using it up; what decides is the redemption. A session that a JWT opened
 * elsewhere, without being used up, would be a second use of it, and any number of them.
 */
export function checkSingleUse({ gate, identity, purpose }: DecisionContext): Deny | undefined {
  if (!gate.jwtSingleUse) return undefined;
  if (identity?.jwtUsedUp === false && purpose !== 'sign_in') {
    return deny('already_used', 'a session whose JWT was not used up');
  }
  if (identity?.jwt === undefined) return undefined;
  if (identity.jwt.jti === undefined) return deny('malformed_credential', 'jti');
  return identity.jwt.used ? deny('already_used') : undefined;
}
