import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { type Configuration, findAll } from '../model/configuration.ts';
import type { Rule } from '../rule.ts';
import { isBefore } from '../version.ts';

interface Hole {
  readonly id: string;
  readonly what: string;
  readonly since: string;
  /** Fixed in this stable and in this mainline version. */
  readonly fixed: readonly [stable: string, mainline: string];
  /** A directive that has to be there for it. */
  readonly needs: (configuration: Configuration) => Directive | undefined;
}

/** From nginx's list of advisories: those that a directive of such configurations opens. */
const holes: readonly Hole[] = [
  {
    id: 'CVE-2026-42533',
    what: 'a buffer overflow with map and regular expressions',
    since: '0.9.6',
    fixed: ['1.30.4', '1.31.3'],
    needs: ({ http }) =>
      http
        .own('map')
        .find(({ block }) => block?.directives.some(({ name }) => name.startsWith('~'))),
  },
  {
    id: 'CVE-2026-42945',
    what: 'a buffer overflow in rewrite',
    since: '0.6.27',
    fixed: ['1.30.1', '1.31.0'],
    needs: ({ http }) => findAll(http.directives, 'rewrite')[0],
  },
  {
    id: 'CVE-2026-9256',
    what: 'another buffer overflow in rewrite',
    since: '0.1.17',
    fixed: ['1.30.2', '1.31.1'],
    needs: ({ http }) => findAll(http.directives, 'rewrite')[0],
  },
];

/** A version with holes that this configuration touches. */
export const knownHoles: Rule = {
  code: 'PD023',
  title: 'This version of nginx has known holes that the configuration touches',
  severities: ['notice'],
  *find({ configuration, guarded }) {
    const { version } = configuration;
    if (version === undefined || guarded.length === 0) return;
    for (const { id, what, since, fixed, needs } of holes) {
      const [stable, mainline] = fixed;
      const isOld = isStable(version) ? isBefore(version, stable) : isBefore(version, mainline);
      const at = needs(configuration);
      if (at === undefined || !isOld || isBefore(version, since)) continue;
      yield {
        severity: 'notice',
        at,
        about: `nginx ${version}`,
        meaning: `${id}, ${what}, is open in nginx ${since} and later, and is mended in ${stable} and ${mainline}. Distributions mend older versions without a new number, so this may be done already.`,
        change: `Install the updates of your distribution or image and look for ${id} in their changes, or use nginx ${stable} or later.`,
      };
    }
  },
};

/** Stable versions of nginx have an even second number. */
function isStable(version: string): boolean {
  return Number(version.split('.')[1]) % 2 === 0;
}
