import { describe, headOf, unreadAround } from '../analysis.ts';
import { insertInto, replaceArgument } from '../edit.ts';
import { ownOrAround } from '../model/content.ts';
import { posternAuth } from '../model/gate-name.ts';
import type { Rule } from '../rule.ts';

/** The auth location is a place for nginx alone. */
export const publicAuthLocation: Rule = {
  code: 'PD013',
  title: 'Clients can ask the auth location themselves',
  severities: ['notice'],
  *find({ authLocations }) {
    for (const { location, asked } of authLocations) {
      const isOpen = location.effective('internal').length === 0;
      if (!isOpen || unreadAround(location) !== undefined) continue;
      // A prefix often holds the login pages too (oauth2-proxy, authentik), which clients need.
      if (location.match?.kind !== 'exact' || ownOrAround(location, 'proxy_pass') === undefined)
        continue;
      yield {
        severity: 'notice',
        at: headOf(location),
        about: describe(location),
        because: asked,
        meaning:
          'Anybody can send requests to the auth service here and try credentials on it, past whatever limits the protected location has.',
        change: 'Add to the auth location: internal;',
        edits: [insertInto(headOf(location), 'internal;')],
      };
    }
  },
};

/** A prefix takes more than the one path that is asked. */
export const broadAuthLocation: Rule = {
  code: 'PD014',
  title: 'The auth location takes paths of the application',
  severities: ['notice'],
  *find({ authLocations }) {
    for (const { location, asked } of authLocations) {
      const { match } = location;
      if (match?.kind !== 'prefix' && match?.kind !== 'prefix-final') continue;
      // Behind it stand the names of gates.
      if (match.path === posternAuth) continue;
      if (
        location.own('internal').length === 0 ||
        // No application has paths of Postern's; behind /.postern/auth/ stand the names of gates.
        match.path.startsWith('/.postern/') ||
        asked.some(({ args }) => args[0] !== match.path)
      ) {
        continue;
      }
      const head = headOf(location);
      const { args } = head;
      yield {
        severity: 'notice',
        at: head,
        about: describe(location),
        because: asked,
        meaning: `A prefix location takes every path that begins with ${match.path}. It is internal, so clients get 404 for all of them, also for pages of the application that happen to begin like that.`,
        change: `Write: location = ${match.path} {`,
        edits: [replaceArgument(head, 0, args.length > 1 ? '=' : `= ${match.path}`)],
      };
    }
  },
};

/** The subrequest has no body, whatever the client's headers say. */
export const bodyToAuth: Rule = {
  code: 'PD015',
  title: 'The auth service waits for a body that does not come',
  severities: ['warning'],
  *find({ authLocations }) {
    for (const { location } of authLocations) {
      const proxy = ownOrAround(location, 'proxy_pass');
      if (proxy === undefined || unreadAround(location) !== undefined) continue;
      const lines = location.effective('proxy_set_header');
      const isCleared = lines.some(
        ({ args }) => args[0]?.toLowerCase() === 'content-length' && args[1] === '',
      );
      if (isCleared) continue;
      const hasOff = location.value('proxy_pass_request_body')?.[0] === 'off';
      const missing = [
        ...(hasOff ? [] : ['proxy_pass_request_body off;']),
        'proxy_set_header Content-Length "";',
      ];
      const inherits = location.own('proxy_set_header').length === 0 && lines.length > 0;
      yield {
        severity: 'warning',
        at: proxy,
        about: describe(location),
        meaning:
          'When a client sends a body, the question to the auth service carries its Content-Length but no body. A service that reads the body first waits until nginx gives up: 500. proxy_pass_request_body off alone does not change that.',
        change: `Add to the auth location: ${missing.join(' ')}${inherits ? ' (and repeat the proxy_set_header lines it inherits so far)' : ''}`,
        ...(!inherits && { edits: [insertInto(headOf(location), ...missing)] }),
      };
    }
  },
};
