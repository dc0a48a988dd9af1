import type { Gate } from './gate.ts';
import type { Handshake } from './handshake.ts';
import type { Bounds } from './identity.ts';
import { parseNetworks } from './network.ts';
import { isOriginAllowed, parseOriginRules } from './origin.ts';
import { isBelow, resolvePath } from './path.ts';
import { type Deny, deny } from './verdict.ts';

/** A denial when a token may not be used for this handshake at this gate. */
export function checkBounds(bounds: Bounds, handshake: Handshake, gate: Gate): Deny | undefined {
  const { gates, paths, origins, networks } = bounds;
  // A sign-in is about no place: bounds on places wait for the handshakes of its session.
  const hasPlace = handshake.path !== undefined;
  if (hasPlace && gates.length > 0 && !gates.includes(gate.name)) return deny('wrong_gate');
  if (hasPlace && paths.length > 0) {
    const path = resolvePath(handshake.path);
    if (path === undefined || !paths.some((prefix) => isBelow(path, prefix))) {
      return deny('path_not_allowed');
    }
  }
  if (origins.length > 0) {
    const isPageLoad = handshake.upgrade === 'none' && handshake.origin === undefined;
    const rules = parseOriginRules(origins);
    if (!isPageLoad && ('invalid' in rules || !isOriginAllowed(handshake, rules))) {
      return deny('origin_not_allowed');
    }
  }
  if (networks.length > 0) {
    const set = parseNetworks(networks);
    const { clientAddress } = handshake;
    if (clientAddress === undefined || 'invalid' in set || !set.includes(clientAddress)) {
      return deny('network_not_allowed');
    }
  }
  return undefined;
}
