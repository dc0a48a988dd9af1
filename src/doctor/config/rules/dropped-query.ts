import { describe } from '../analysis.ts';
import { replaceArgument } from '../edit.ts';
import { ownOrAround } from '../model/content.ts';
import { isPosternsOwn } from '../model/gate-name.ts';
import { variablesIn } from '../model/value.ts';
import type { Rule } from '../rule.ts';

/** Variables that hold the query of the request. */
const withQuery = /^(?:args|query_string|request_uri)$/;

/** With a variable and a path, nginx sends what `proxy_pass` says, and nothing of the request's. */
export const droppedQuery: Rule = {
  code: 'PD042',
  title: 'A proxy_pass with variables drops the query',
  severities: ['warning'],
  *find({ configuration, entries, authLocations, guardedIn }) {
    const asked = new Set(authLocations.map(({ location }) => location));
    for (const entry of entries) {
      const { location, server } = entry;
      if (asked.has(location) || isPosternsOwn(location) || !guardedIn.has(server)) continue;
      const lines = entry.reaching().flatMap(({ view }) => ownOrAround(view, 'proxy_pass') ?? []);
      for (const line of new Set(lines)) {
        const [target = ''] = line.args;
        const path = pathOf(target);
        if (path === undefined || variablesIn(target).some((name) => withQuery.test(name))) {
          continue;
        }
        // A variable that is made elsewhere may hold a query.
        const isOpen = variablesIn(path).some(
          (name) => configuration.assigned.has(name) || configuration.maps.has(name),
        );
        if (isOpen) continue;
        const isFixed = variablesIn(path).length === 0;
        yield {
          severity: 'warning',
          at: line,
          about: describe(location),
          meaning: `A proxy_pass that has variables and a path is sent as it is: ${isFixed ? `every request here goes to ${path}, and ` : ''}the query of the request is lost, and with it the token of a URL, socket.io's transport, and whatever else the application reads there.`,
          change: `Append the query: proxy_pass ${target}$is_args$args;${isFixed ? ' Or leave the path out, so that the request keeps its own.' : ''}`,
          edits: [replaceArgument(line, 0, `${target}$is_args$args`)],
        };
      }
    }
  },
};

/** The path of an address with variables; undefined where nginx adds the one of the request. */
function pathOf(target: string): string | undefined {
  if (!target.includes('$') || target.includes('?')) return undefined;
  const [, path] = /^[^/]*:\/\/[^/]*?(\/.*|\$\{?(?:uri|document_uri)\b.*)$/.exec(target) ?? [];
  return path;
}
