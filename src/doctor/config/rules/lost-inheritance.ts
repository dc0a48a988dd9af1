import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { describe } from '../analysis.ts';
import type { Report } from '../finding.ts';
import { readErrorPage } from '../model/error-page.ts';
import type { Scope } from '../model/scope.ts';
import type { Rule } from '../rule.ts';

/** One line of a name in a block, and all inherited ones are gone. */
export const lostInheritance: Rule = {
  code: 'PD022',
  title: 'A line in a block makes nginx forget those around it',
  severities: ['warning', 'notice'],
  *find({ guarded, authLocations }) {
    const asked = new Set(authLocations.map(({ location }) => location));
    for (const { location } of guarded) {
      // The question is denied nothing; error pages of others have no place there (PD028).
      if (!asked.has(location)) yield* lostDenial(location);
      yield* lostHeaders(location);
    }
  },
};

function* lostDenial(location: Scope): Generator<Report> {
  const own = location.own('error_page');
  const names = (directive: Directive) => readErrorPage(directive).codes.includes(401);
  const [first] = own;
  if (first === undefined || own.some(names)) return;
  const lost = inherited(location, 'error_page').find(names);
  if (lost === undefined) return;
  yield {
    severity: 'warning',
    at: first,
    about: describe(location),
    because: [lost],
    meaning:
      'The error_page for 401 one level up is not in force here, since this block has an error_page of its own: people see a bare 401 and never the login.',
    change: 'Repeat the error_page for 401 in this block.',
  };
}

function* lostHeaders(location: Scope): Generator<Report> {
  const own = location.own('add_header');
  const [first] = own;
  const merges = location.value('add_header_inherit')?.[0] === 'merge';
  if (first === undefined || merges) return;
  const name = ({ args }: Directive) => args[0]?.toLowerCase();
  const kept = new Set(own.map(name));
  // Postern's own lines matter to gates with a sign-on service alone, and whether there is one is unknown.
  const isOurs = ({ args }: Directive) => args[1]?.startsWith('$postern_set_cookie_') === true;
  const lost = inherited(location, 'add_header').filter(
    (one) => !kept.has(name(one)) && !isOurs(one),
  );
  if (lost.length === 0) return;
  yield {
    severity: 'notice',
    at: first,
    about: describe(location),
    because: lost,
    meaning: `Answers of this block do not carry ${lost.map(({ args }) => args[0]).join(', ')}: one add_header here, and nginx forgets the inherited ones.`,
    change: 'Repeat them in this block, or (since 1.29.3) write: add_header_inherit merge;',
  };
}

function inherited(location: Scope, name: string): readonly Directive[] {
  return location.parent?.effective(name) ?? [];
}
