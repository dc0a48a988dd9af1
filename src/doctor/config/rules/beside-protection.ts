import { describe, headOf } from '../analysis.ts';
import { backendOf, type Entry, passesUpgrade } from '../model/protection.ts';
import type { Scope } from '../model/scope.ts';
import type { Rule } from '../rule.ts';
import { backendsOf } from './open-socket.ts';

/** `/private/x.php` and a regex for PHP. */
export const besideProtection: Rule = {
  code: 'PD010',
  title: 'A more specific location takes requests out of the protected one',
  severities: ['warning', 'notice'],
  *find({ configuration, entries, guarded }) {
    const protectedBackends = backendsOf(guarded);
    for (const entry of entries) {
      if (entry.authRequest !== undefined) continue;
      const known = protectedBackends.get(entry.server);
      if (known === undefined) continue;
      for (const outcome of entry.passing()) {
        if (passesUpgrade(configuration, outcome)) continue;
        const backend = backendOf(configuration, outcome);
        const twin = backend === undefined ? undefined : known.get(backend);
        if (twin === undefined || !takesFrom(entry, twin)) continue;
        const [off] = entry.location.effective('auth_request');
        const match = entry.location.match;
        yield {
          severity: off === undefined ? 'warning' : 'notice',
          at: headOf(entry.location),
          about: describe(entry.location),
          because: [headOf(twin.location), ...(off === undefined ? [] : [off])],
          meaning: `${match?.kind === 'regex' ? 'Regular expressions go before prefixes' : 'The longer prefix wins'}: what matches here goes to ${backend} and nobody is asked, although ${describe(twin.location)} asks.`,
          change: `Ask here too, or put ^~ before the protected prefix, or nest this location in it. If the path is meant to be open, say so: auth_request off; and # postern-doctor: allow PD010 <why>.`,
        };
        break;
      }
    }
  },
};

/** Some path of the protected location may come to this one. */
function takesFrom({ location }: Entry, twin: Entry): boolean {
  const [own, other] = [location.match, twin.location.match];
  if (own === undefined || other === undefined || own.kind === 'named') return false;
  if (own.kind === 'regex') return other.kind === 'prefix' && isBeside(location, twin.location);
  return (
    (other.kind === 'prefix' || other.kind === 'prefix-final') && own.path.startsWith(other.path)
  );
}

function isBeside(location: Scope, twin: Scope): boolean {
  return location.parent === twin.parent;
}
