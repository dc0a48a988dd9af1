import { checkBounds } from './bounds.ts';
import type { Credential, CredentialSource, SourceName } from './credential.ts';
import type { Gate } from './gate.ts';
import type { Handshake } from './handshake.ts';
import type { Identity } from './identity.ts';
import { isOriginAllowed, listsOrigins } from './origin.ts';
import { type Deny, deny, isDenial, type Verdict } from './verdict.ts';

/** What a decision needs from outside: everything that looks something up or writes something down. */
export interface DecisionPorts {
  /** All credential sources, by name. */
  readonly sources: ReadonlyMap<SourceName, CredentialSource>;
  /** Finds out whose credential it is. Rejects only when it cannot tell. */
  verify(credential: Credential, now: number): Promise<Identity | Deny>;
  /** Uses up one admission of a token that has to be redeemed: one conditional write, or a denial. */
  redeem(identity: Identity, now: number): Promise<Deny | undefined>;
}

/** What is known so far while a decision is made. */
interface Inquiry {
  readonly handshake: Handshake;
  readonly gate: Gate;
  readonly now: number;
  readonly ports: DecisionPorts;
  credential?: Credential;
  identity?: Identity;
}

/** One named part of a decision. */
interface Step {
  readonly name: string;
  take(inquiry: Inquiry): Deny | undefined | Promise<Deny | undefined>;
}

/**
 * The steps of every decision, in order: cheap and certain ones first, and the one that cannot be
 * undone (using a ticket up) last, when all else has passed.
 */
const steps: readonly Step[] = [
  { name: 'upgrade', take: checkUpgrade },
  { name: 'listed origin', take: checkListedOrigin },
  { name: 'credential', take: findCredential },
  { name: 'cross-site', take: checkCrossSite },
  { name: 'identity', take: findIdentity },
  { name: 'bounds', take: checkTokenBounds },
  { name: 'single use', take: checkSingleUse },
  { name: 'redemption', take: redeem },
];

/**
 * Decides on one handshake at one gate. `now` is Unix time in milliseconds. Rejects only with what
 * the ports reject with; the caller must treat that as a denial.
 */
export async function decide(
  handshake: Handshake,
  gate: Gate,
  now: number,
  ports: DecisionPorts,
): Promise<Verdict> {
  const inquiry: Inquiry = { handshake, gate, now, ports };
  for (const { take } of steps) {
    const denial = await take(inquiry);
    if (denial !== undefined) return withKnown(denial, inquiry);
  }
  const { credential, identity } = inquiry;
  // Unreachable while the steps above find both, and a denial all the same if one ever does not.
  if (credential === undefined || identity === undefined) return deny('internal_error');
  return { verdict: 'allow', identity, source: credential.source };
}

function withKnown(denial: Deny, { credential, identity }: Inquiry): Deny {
  return {
    ...denial,
    ...(identity && { identity }),
    ...(credential && { source: credential.source }),
  };
}

function checkUpgrade({ handshake }: Inquiry): Deny | undefined {
  if (handshake.upgrade === 'none') return undefined;
  // RFC 6455, section 4.1: the method of a handshake is GET.
  const isHandshake = handshake.upgrade === 'websocket' && handshake.method === 'GET';
  return isHandshake ? undefined : deny('upgrade_not_websocket');
}

/** A gate that names its origins wants one of them with every handshake, whatever the credential. */
function checkListedOrigin({ handshake, gate }: Inquiry): Deny | undefined {
  if (!listsOrigins(gate.origins)) return undefined;
  // Browsers send no Origin with a plain navigation, so only a handshake has to have one.
  if (handshake.upgrade === 'none' && handshake.origin === undefined) return undefined;
  return isOriginAllowed(handshake, gate.origins) ? undefined : deny('origin_not_allowed');
}

function findCredential(inquiry: Inquiry): Deny | undefined {
  const { handshake, gate, ports } = inquiry;
  for (const name of gate.sources) {
    const presented = ports.sources.get(name)?.extract(handshake, gate);
    if (presented === undefined) continue;
    if (isDenial(presented)) return { ...presented, source: name };
    inquiry.credential = { source: name, ...presented };
    return undefined;
  }
  return deny('no_credential');
}

/**
 * A browser sends a cookie whoever wrote the page, and the same-origin policy does not cover
 * WebSocket: only the Origin tells a page of ours from a stranger's (RFC 6455, section 10.2).
 */
function checkCrossSite({ handshake, gate, credential, ports }: Inquiry): Deny | undefined {
  const need = credential && ports.sources.get(credential.source)?.origin;
  if (need === undefined || need === 'none') return undefined;
  // Browsers send an Origin with every handshake, but with a plain navigation none.
  const mayLack = need === 'present' || handshake.upgrade === 'none';
  if (handshake.origin === undefined && mayLack) return undefined;
  return isOriginAllowed(handshake, gate.origins) ? undefined : deny('origin_not_allowed');
}

async function findIdentity(inquiry: Inquiry): Promise<Deny | undefined> {
  if (inquiry.credential === undefined) return deny('no_credential');
  const { credential, ports, now } = inquiry;
  const found = await ports.verify(credential, now);
  if (isDenial(found)) return found;
  const { claimedSubject } = credential;
  // The same words as for a token that does not exist: a guesser learns nothing from the difference.
  if (claimedSubject !== undefined && claimedSubject !== found.subject)
    return deny('unknown_token');
  inquiry.identity = found;
  return undefined;
}

function checkTokenBounds({ handshake, gate, identity }: Inquiry): Deny | undefined {
  return identity === undefined
    ? deny('no_credential')
    : checkBounds(identity.bounds, handshake, gate);
}

/**
 * A gate that takes each JWT once needs an id to know it again by. Whether it was used is asked here
 * so that it can be said without using it up; what decides is the redemption.
 */
function checkSingleUse({ gate, identity }: Inquiry): Deny | undefined {
  if (!gate.jwtSingleUse || identity?.jwt === undefined) return undefined;
  if (identity.jwt.jti === undefined) return deny('malformed_credential', 'jti');
  return identity.jwt.used ? deny('already_used') : undefined;
}

async function redeem({ gate, identity, now, ports }: Inquiry): Promise<Deny | undefined> {
  if (identity === undefined) return deny('no_credential');
  const isOnce = gate.jwtSingleUse && identity.jwt !== undefined;
  return identity.limitedUses || isOnce ? ports.redeem(identity, now) : undefined;
}
