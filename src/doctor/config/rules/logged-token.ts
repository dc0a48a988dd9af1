import type { Directive } from '../../../proxies/nginx/syntax/index.ts';
import { describe } from '../analysis.ts';
import type { Configuration } from '../model/configuration.ts';
import type { Scope } from '../model/scope.ts';
import { variablesIn } from '../model/value.ts';
import type { Rule } from '../rule.ts';

const secretParameter = /^arg_\w*(token|ticket|jwt|secret|apikey|api_key|auth|session)\w*$/i;

/** Variables that hold the query as the client sent it. */
const withQuery = new Set(['request', 'request_uri', 'args', 'query_string', 'http_referer']);

/** A credential in a URL ends up in the log. */
export const loggedToken: Rule = {
  code: 'PD018',
  title: 'Tokens from the query are written to the access log',
  severities: ['warning'],
  *find({ configuration, guarded }) {
    const evidence = new Map<Scope, Directive | undefined>();
    for (const { location, authRequest } of guarded) {
      const server = location.nearest('server');
      if (server === undefined) continue;
      if (!evidence.has(server)) evidence.set(server, findParameter(configuration, server));
      // Postern reads tokens from the query, whatever nginx does.
      const isPosterns = authRequest?.args[0]?.startsWith('/.postern/auth');
      const parameter = isPosterns ? authRequest : evidence.get(server);
      if (parameter === undefined) continue;
      const logs = location.effective('access_log');
      if (isPosterns && logs.length === 0 && !configuration.isFragment) {
        yield {
          severity: 'warning',
          at: parameter,
          about: describe(location),
          meaning:
            'No access_log line is in force, so nginx writes its default log (combined), with the query of every request: a token in the query is a credential, and this log keeps it in clear.',
          change:
            'In http or in the server: access_log /var/log/nginx/access.log postern_masked; (the format is in postern-http.conf), or access_log off;',
        };
      }
      for (const log of logs) {
        const variables = logged(configuration, log);
        const [first] = variables.filter(
          (name) => withQuery.has(name) || secretParameter.test(name),
        );
        if (first === undefined) continue;
        yield {
          severity: 'warning',
          at: log,
          about: describe(location),
          because: [parameter],
          meaning: `A token in the query is a credential, and this log keeps it in clear ($${first}): for everybody who can read logs, backups and log collectors.`,
          change:
            "Log the path without the query ($uri in place of $request), or a masked line from a map, such as postern_masked of postern-http.conf. nginx's error log cannot be masked: use single-use tickets.",
        };
      }
    }
  },
};

/** A sign that tokens come in the query: a directive that reads one from there. */
function findParameter({ http }: Configuration, server: Scope): Directive | undefined {
  const uses = ({ args }: Directive) =>
    args.some((text) => variablesIn(text).some((name) => secretParameter.test(name)));
  const isMap = ({ name, args }: Directive) => name === 'map' && uses({ args } as Directive);
  return http.directives.find(isMap) ?? deepFind(server.directives, uses);
}

function deepFind(
  directives: readonly Directive[],
  fits: (directive: Directive) => boolean,
): Directive | undefined {
  for (const one of directives) {
    if (fits(one)) return one;
    const inner = one.block === undefined ? undefined : deepFind(one.block.directives, fits);
    if (inner !== undefined) return inner;
  }
  return undefined;
}

/** The variables that a log writes down. */
function logged({ http }: Configuration, log: Directive): readonly string[] {
  const [target, name = 'combined'] = log.args;
  if (target === 'off') return [];
  if (name === 'combined') return ['request', 'http_referer'];
  const format = http.own('log_format').find(({ args }) => args[0] === name);
  return variablesIn(format?.args.slice(1).join('') ?? '');
}
