import { parseNetworks } from '../../lib/network.ts';
import type { Handshake } from '../gate/handshake.ts';
import { isOriginAllowed, parseOriginRules } from '../gate/origin.ts';
import { foldCase, isBelow } from '../gate/path.ts';
import { requireAgreement } from '../gate/path-agreement.ts';
import { readPath } from '../gate/path-readings.ts';
import type { Restrictions } from '../model/identity.ts';
import { type Deny, deny } from '../model/verdict.ts';

/**
 * A denial when a token may not be used for this handshake at this gate. Without a gate's name it is
 * a sign-in, which is about no place: bounds on places wait for the handshakes of its session.
 */
export function checkRestrictions(
  bounds: Restrictions,
  handshake: Handshake,
  gateName: string | undefined,
): Deny | undefined {
  const { gates, paths, origins, networks } = bounds;
  if (gateName !== undefined && gates.length > 0 && !gates.includes(gateName)) {
    return deny('wrong_gate');
  }
  if (handshake.path !== undefined && paths.length > 0) {
    const denial = checkPath(handshake.path, paths);
    if (denial !== undefined) return denial;
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

/** However a backend reads the path, it has to lie below one of the prefixes. */
function checkPath(path: string, prefixes: readonly string[]): Deny | undefined {
  const read = readPath(path);
  if (read === undefined) return deny('path_not_allowed');
  const isWithin = (one: string) =>
    prefixes.some((prefix) => isBelow(one, prefix)) &&
    prefixes.some((prefix) => isBelow(foldCase(one), foldCase(prefix)));
  const agreed = requireAgreement(read, isWithin, (is) => `${is ? 'within' : 'outside'} its paths`);
  if ('differ' in agreed) return deny('ambiguous_path', agreed.differ);
  return agreed.value ? undefined : deny('path_not_allowed');
}
