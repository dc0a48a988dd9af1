import { describe } from '../analysis.ts';
import { variablesIn } from '../model/value.ts';
import type { Rule } from '../rule.ts';

/** Variables that hold the query as the client sent it, whatever the lines of Postern take out of it. */
const untouched = new Set(['request_uri', 'request', 'http_referer', 'http_authorization']);

/** Directives that tell the application something, and which of their arguments does. */
const telling = [
  'proxy_set_header',
  'fastcgi_param',
  'uwsgi_param',
  'scgi_param',
  'grpc_set_header',
];
const passing = ['proxy_pass', 'proxy_set_body', 'proxy_redirect'];

/** Postern takes a token out of the URI, and another line tells the application the URI as it was. */
export const toldToken: Rule = {
  code: 'PD039',
  title: 'A line beside those of Postern tells the application the token',
  severities: ['fault'],
  *find({ guarded }) {
    for (const { location, authRequest } of guarded) {
      if (
        authRequest === undefined ||
        !/^\/\.postern\/auth(?:\/|$)/.test(authRequest.args[0] ?? '')
      ) {
        continue;
      }
      for (const name of [...telling, ...passing]) {
        for (const line of location.effective(name)) {
          const value = line.args.slice(telling.includes(name) ? 1 : 0).join(' ');
          const found = variablesIn(value).find((variable) => untouched.has(variable));
          if (found === undefined) continue;
          yield {
            severity: 'fault',
            at: line,
            about: describe(location),
            because: [authRequest],
            meaning: `Postern's lines take a token out of the URI, the Referer and Authorization, and $${found} holds it still: the application gets it, and its logs do.`,
            change:
              "Leave the line out, or write $postern_return for $request_uri, which is the same without a token. In SWAG include postern-proxy.conf in the place of proxy.conf; beside FastCGI and uwsgi, postern-fastcgi.conf and postern-uwsgi.conf in the place of nginx's files.",
          };
        }
      }
    }
  },
};
