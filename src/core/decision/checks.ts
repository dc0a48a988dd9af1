import { holdsSecret } from '../../lib/mask.ts';
import { hasExplicitOrigins, isOriginAllowed } from '../gate/origin.ts';
import { type Deny, deny } from '../model/verdict.ts';
import { addTraceNote, type DecisionContext } from './context.ts';
import type { CredentialSource } from './credential-source.ts';

/** Requires that an upgrade is to `websocket`, by GET (RFC 6455, section 4.1). */
export function checkUpgrade(context: DecisionContext): Deny | undefined {
  const { upgrade, method } = context.handshake;
  addTraceNote(context, upgrade === 'none' ? 'an ordinary request' : `asks to upgrade: ${upgrade}`);
  if (upgrade === 'none') return undefined;
  return upgrade === 'websocket' && method === 'GET' ? undefined : deny('upgrade_not_websocket');
}

/**
 * Denies a token in the query where nginx does not strip it: it would reach the backend, whatever else
 * admits the request. The token is not verified, since it must be considered leaked.
 */
export function checkQueryTokenRemoved({
  handshake,
  gate,
  ports,
}: DecisionContext): Deny | undefined {
  const { keepsQueryToken, query } = handshake;
  if (!keepsQueryToken || query === undefined) return undefined;
  const isRead = gate.sources.includes('query');
  const presented = isRead && ports.sources.get('query')?.extract(handshake, gate) !== undefined;
  if (!presented && !holdsSecret(query)) return undefined;
  return deny(
    'malformed_request',
    'a token in the query would reach the backend: the lines that remove it did not run (a break before the include, limit_except, a nested location): include the file of the gate before every rewrite, and in the nested location too, or send the token in another way',
  );
}

/** Checks `networks.allow` and `networks.deny`. Without a client address, a gate that has them denies. */
export function checkNetworks(context: DecisionContext): Deny | undefined {
  const { handshake, gate } = context;
  const { allow, deny: denied } = gate.networks;
  if (allow === undefined && denied === undefined) {
    addTraceNote(context, 'all are allowed');
    return undefined;
  }
  const { clientAddress } = handshake;
  if (clientAddress === undefined) return deny('network_not_allowed', 'no client address');
  if (denied?.includes(clientAddress)) return deny('network_not_allowed', 'networks.deny');
  const isIn = allow === undefined || allow.includes(clientAddress);
  return isIn ? undefined : deny('network_not_allowed', 'networks.allow');
}

/** A gate that lists origins requires one of them with every handshake, for any credential. */
export function checkListedOrigin(context: DecisionContext): Deny | undefined {
  const { handshake, gate } = context;
  if (!hasExplicitOrigins(gate.origins)) {
    addTraceNote(context, 'the gate lists none');
    return undefined;
  }
  // Browsers send no Origin with a plain navigation, so only an upgrade requires one.
  if (handshake.upgrade === 'none' && handshake.origin === undefined) return undefined;
  if (handshake.origin === undefined && gate.cookiesWithoutOrigin.length > 0) {
    addTraceNote(context, 'the credential decides whether one is needed');
    return undefined;
  }
  return isOriginAllowed(handshake, gate.origins) ? undefined : deny('origin_not_allowed');
}

/**
 * Guards against cross-site WebSocket hijacking: browsers send cookies with requests of any page, and the
 * same-origin policy does not cover WebSocket, so `Origin` is the only protection (RFC 6455, section 10.2).
 * Every browser sends it, so a handshake without one comes from a program (`cookies_without_origin`).
 */
export function checkCrossSite(context: DecisionContext): Deny | undefined {
  const { handshake, gate } = context;
  const { origin, upgrade } = handshake;
  const { cookieName } = context.credential ?? {};
  if (origin === undefined && cookieName && gate.cookiesWithoutOrigin.includes(cookieName)) {
    addTraceNote(context, 'a program: this cookie needs no Origin');
    return undefined;
  }
  // Where origins are listed, every other handshake needs one (see checkListedOrigin).
  const isListed = upgrade !== 'none' && hasExplicitOrigins(gate.origins);
  const requirement = isListed ? 'required' : originRequirement(context);
  if (requirement === 'none') return undefined;
  // Browsers send an Origin with every handshake, but none with a plain navigation.
  const mayLack = requirement === 'present' || upgrade === 'none';
  if (origin === undefined && mayLack) return undefined;
  addTraceNote(
    context,
    handshake.origin === undefined ? 'an Origin is needed' : 'the Origin must be allowed',
  );
  return isOriginAllowed(handshake, gate.origins) ? undefined : deny('origin_not_allowed');
}

/**
 * The requirement on `Origin`. A trusted network proves nothing about the page, so an `Origin` has to be
 * allowed; without one it is a program, and those are what networks are trusted for.
 */
function originRequirement({
  basis,
  credential,
  bridgeRequest,
  ports,
}: DecisionContext): CredentialSource['origin'] {
  if (basis === 'network') return 'present';
  if (bridgeRequest !== undefined)
    return bridgeRequest.cookies === undefined ? 'present' : 'required';
  const source = credential && ports.sources.get(credential.source);
  return source?.origin ?? 'required';
}

/**
 * Guards against replay of TLS early data (RFC 8446, section 8). Single-use credentials, and sessions, which
 * browsers send by themselves, require a complete TLS handshake; the client then repeats the request
 * (RFC 8470, section 5.2).
 */
export function checkEarlyData(context: DecisionContext): Deny | undefined {
  const { handshake, gate, identity, bridgeRequest } = context;
  if (!handshake.isEarlyData) return undefined;
  addTraceNote(context, 'sent as early data of TLS');
  const isUsedUp =
    identity?.maxUses !== undefined || (gate.jwtSingleUse && identity?.jwt !== undefined);
  const isSession = identity?.kind === 'session' || bridgeRequest?.cookies !== undefined;
  return isUsedUp || isSession ? deny('too_early') : undefined;
}

/** Checks `kinds` and `max_uses` of the gate. */
export function checkKind({ gate, identity }: DecisionContext): Deny | undefined {
  const kinds: readonly string[] = gate.kinds;
  if (identity === undefined || !kinds.includes(identity.kind)) return deny('kind_not_accepted');
  if (gate.maxUses === undefined) return undefined;
  const uses = gate.jwtSingleUse && identity.jwt !== undefined ? 1 : identity.maxUses;
  const isWithinLimit = uses !== undefined && uses <= gate.maxUses;
  return isWithinLimit ? undefined : deny('kind_not_accepted', 'max_uses');
}

/**
 * Checks `jwt_single_use`. A JWT needs a `jti`, by which its use is recorded. Its use is checked here for
 * dry runs; redemption decides. A session is denied if signing in did not use the JWT up: it would allow
 * any number of further uses.
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
