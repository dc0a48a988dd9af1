import type { Gate } from '../gate/gate.ts';
import { matchesHost } from '../gate/host-pattern.ts';
import { type Deny, deny, isDenial } from '../model/verdict.ts';
import { addTraceNote, type DecisionContext } from './context.ts';
import { hintAtForeignCredential } from './foreign-credential.ts';
import type { BridgeRequest } from './sign-on.ts';

/**
 * Searches the gate's sources in order; the first that has a credential decides, without fallback. With
 * none, a trusted network is enough. Otherwise the sign-on service is asked anyway: it may admit requests
 * without a session, and it knows the login address.
 */
export function findCredential(context: DecisionContext): Deny | undefined {
  const { handshake, gate, ports } = context;
  for (const name of gate.sources) {
    if (name === 'bridge') {
      const request = buildBridgeRequest(context);
      const hasAny = request?.cookies !== undefined || request?.authorization !== undefined;
      addTraceNote(context, `bridge: ${hasAny ? 'present' : 'nothing'}`);
      if (request === undefined || !hasAny) continue;
      return useBridge(context, request);
    }
    const presented = ports.sources.get(name)?.extract(handshake, gate);
    addTraceNote(context, `${name}: ${presented === undefined ? 'nothing' : 'present'}`);
    if (presented === undefined) continue;
    context.basis = name;
    if (isDenial(presented)) return hintAtForeignCredential(presented, context);
    const { value, claimedSubject, cookieName } = presented;
    context.credential = { source: name, value, claimedSubject, cookieName };
    return undefined;
  }
  const { trust } = gate.networks;
  if (handshake.clientAddress !== undefined && trust?.includes(handshake.clientAddress)) {
    if (isAtListedHost(gate, handshake.host)) {
      addTraceNote(context, 'the client is in networks.trust');
      context.basis = 'network';
      return undefined;
    }
    addTraceNote(context, 'networks.trust applies at the hosts of the gate only');
  }
  const request = gate.sources.includes('bridge') ? buildBridgeRequest(context) : undefined;
  return request === undefined ? deny('no_credential') : useBridge(context, request);
}

/**
 * Guards against DNS rebinding: a foreign page may point its own name at a machine of a trusted network,
 * and a browser in that network then sends requests under that name. So the host has to be listed in
 * the gate's `hosts`, even where nginx named the gate.
 */
function isAtListedHost({ hosts }: Pick<Gate, 'hosts'>, host: string): boolean {
  return hosts.some((pattern) => matchesHost(pattern, host));
}

function useBridge(context: DecisionContext, request: BridgeRequest): undefined {
  context.basis = 'bridge';
  context.bridgeRequest = request;
}

/** The request to the sign-on service. `Authorization` is left out where it is a source of this gate. */
function buildBridgeRequest({
  handshake,
  gate,
  ports,
}: DecisionContext): BridgeRequest | undefined {
  const bridge = ports.bridgeOf(gate);
  if (bridge === undefined) return undefined;
  const { authorization } = handshake;
  const scheme = /^ *([^ ]*)/.exec(authorization ?? '')?.[1]?.toLowerCase();
  const isOwnSource = gate.sources.some((name) => name === scheme);
  return {
    handshake,
    cookies: bridge.selectCookies(handshake.cookie),
    authorization: isOwnSource ? undefined : authorization,
  };
}
