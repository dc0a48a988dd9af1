import type { Gate } from '../gate/gate.ts';
import { matchesHost } from '../gate/host-pattern.ts';
import { type Deny, deny, isDenial } from '../model/verdict.ts';
import { type Inquiry, note } from './context.ts';
import type { BridgeRequest } from './sign-on.ts';

/**
 * Looks where the gate says, in its order; the first place that holds something decides. Where none
 * does, a trusted network is enough, and else the gate's sign-on service is asked all the same: it
 * may let some in without a session, and it knows where to sign in.
 */
export function findCredential(inquiry: Inquiry): Deny | undefined {
  const { handshake, gate, ports } = inquiry;
  for (const name of gate.sources) {
    if (name === 'bridge') {
      const request = bridgeRequest(inquiry);
      const hasAny = request?.cookies !== undefined || request?.authorization !== undefined;
      note(inquiry, `bridge: ${hasAny ? 'present' : 'nothing'}`);
      if (request === undefined || !hasAny) continue;
      return rest(inquiry, request);
    }
    const presented = ports.sources.get(name)?.extract(handshake, gate);
    note(inquiry, `${name}: ${presented === undefined ? 'nothing' : 'present'}`);
    if (presented === undefined) continue;
    inquiry.grounds = name;
    if (isDenial(presented)) return presented;
    const { value, claimedSubject } = presented;
    inquiry.credential = { source: name, value, claimedSubject };
    return undefined;
  }
  const { trust } = gate.networks;
  if (handshake.clientAddress !== undefined && trust?.includes(handshake.clientAddress)) {
    if (isAtOwnHost(gate, handshake.host)) {
      note(inquiry, 'the client is in networks.trust');
      inquiry.grounds = 'network';
      return undefined;
    }
    note(inquiry, 'networks.trust counts at the hosts of the gate alone');
  }
  const request = gate.sources.includes('bridge') ? bridgeRequest(inquiry) : undefined;
  return request === undefined ? deny('no_credential') : rest(inquiry, request);
}

/**
 * A page of anybody's may have its own name point to a machine of a trusted network (DNS rebinding), and a
 * browser there then asks under that name. So the name has to be one of the gate's, whoever chose the gate.
 */
function isAtOwnHost({ hosts }: Pick<Gate, 'hosts'>, host: string): boolean {
  return hosts.some((pattern) => matchesHost(pattern, host));
}

function rest(inquiry: Inquiry, request: BridgeRequest): undefined {
  inquiry.grounds = 'bridge';
  inquiry.bridged = request;
}

/** What of a handshake is a sign-on service's business: never a token of ours. */
function bridgeRequest({ handshake, gate, ports }: Inquiry): BridgeRequest | undefined {
  const bridge = ports.bridgeOf(gate);
  if (bridge === undefined) return undefined;
  const { authorization } = handshake;
  const scheme = /^ *([^ ]*)/.exec(authorization ?? '')?.[1]?.toLowerCase();
  const isOurs = gate.sources.some((name) => name === scheme);
  return {
    handshake,
    cookies: bridge.cookiesOf(handshake.cookie),
    authorization: isOurs ? undefined : authorization,
  };
}
