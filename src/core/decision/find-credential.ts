import type { Gate } from '../gate/gate.ts';
import { matchesHost } from '../gate/host-pattern.ts';
import { type Deny, deny, isDenial } from '../model/verdict.ts';
import { type DecisionContext, note } from './context.ts';
import type { BridgeRequest } from './sign-on.ts';

/**
 * Looks where the gate says, in its order; the first place that holds something decides. Where none
 * does, a trusted network is enough, and else the gate's sign-on service is asked all the same: it
 * may let some in without a session, and it knows where to sign in.
 */
export function findCredential(context: DecisionContext): Deny | undefined {
  const { handshake, gate, ports } = context;
  for (const name of gate.sources) {
    if (name === 'bridge') {
      const request = bridgeRequest(context);
      const hasAny = request?.cookies !== undefined || request?.authorization !== undefined;
      note(context, `bridge: ${hasAny ? 'present' : 'nothing'}`);
      if (request === undefined || !hasAny) continue;
      return rest(context, request);
    }
    const presented = ports.sources.get(name)?.extract(handshake, gate);
    note(context, `${name}: ${presented === undefined ? 'nothing' : 'present'}`);
    if (presented === undefined) continue;
    context.basis = name;
    if (isDenial(presented)) return presented;
    const { value, claimedSubject } = presented;
    context.credential = { source: name, value, claimedSubject };
    return undefined;
  }
  const { trust } = gate.networks;
  if (handshake.clientAddress !== undefined && trust?.includes(handshake.clientAddress)) {
    if (isAtOwnHost(gate, handshake.host)) {
      note(context, 'the client is in networks.trust');
      context.basis = 'network';
      return undefined;
    }
    note(context, 'networks.trust applies at the hosts of the gate only');
  }
  const request = gate.sources.includes('bridge') ? bridgeRequest(context) : undefined;
  return request === undefined ? deny('no_credential') : rest(context, request);
}

/**
 * A page of anybody's may have its own name point to a machine of a trusted network (DNS rebinding), and a
 * browser there then asks under that name. So the name has to be one of the gate's, whoever chose the gate.
 */
function isAtOwnHost({ hosts }: Pick<Gate, 'hosts'>, host: string): boolean {
  return hosts.some((pattern) => matchesHost(pattern, host));
}

function rest(context: DecisionContext, request: BridgeRequest): undefined {
  context.basis = 'bridge';
  context.bridged = request;
}

/** What of a handshake is a sign-on service's business: never a token of ours. */
function bridgeRequest({ handshake, gate, ports }: DecisionContext): BridgeRequest | undefined {
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
