import { parseNetworks } from '../../lib/network.ts';
import type { Handshake } from '../gate/handshake.ts';
import { isOriginAllowed, parseOriginRules } from '../gate/origin.ts';
import { foldCase, isBelow } from '../gate/path.ts';
import { requireAgreement } from '../gate/path-agreement.ts';
import { readPath } from '../gate/path-readings.ts';
import type { Restrictions } from '../model/identity.ts';
import { type Deny, deny } from '../model/verdict.ts';

/**
 * Denies a token whose restrictions exclude this handshake or gate. Without a gate's name it is a sign-in,
 * which has no path: restrictions on gates and paths apply to the handshakes of the session.
 */
export function checkRestrictions(
  restrictions: Restrictions,
  handshake: Handshake,
  gateName: string | undefined,
): Deny | undefined {
  const { gates, paths, origins, networks } = restrictions;
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

/** Every reading of the path has to be below one of the prefixes. */
function checkPath(path: string, prefixes: readonly string[]): Deny | undefined {
  const readings = readPath(path);
  if (readings === undefined) return deny('path_not_allowed');
  const isWithin = (reading: string) =>
    prefixes.some((prefix) => isBelow(reading, prefix)) &&
    prefixes.some((prefix) => isBelow(foldCase(reading), foldCase(prefix)));
  const describe = (is: boolean) => `${is ? 'within' : 'outside'} its paths`;
  const agreed = requireAgreement(readings, isWithin, describe);
  if ('conflict' in agreed) return deny('ambiguous_path', agreed.conflict);
  return agreed.value ? undefined : deny('path_not_allowed');
}
