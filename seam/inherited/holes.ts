import { type Case, caseOf, type Plant } from './configuration.ts';
import { denyingVerdicts } from './requests.ts';

/** A change of the files that must be found out, and lines with which it can be. */
export interface Hole {
  readonly name: string;
  readonly plant: Plant;
  readonly lines: readonly string[];
  /** Whether it shows only where the locations use the server's error pages. */
  readonly ownPages?: boolean;
}

const without = (pattern: RegExp): Plant => {
  return (text, lines) => {
    const less = text.replace(pattern, '');
    if (less === text) throw new Error(`nothing matches ${pattern}`);
    return `${less}\n${lines}`;
  };
};

/** The holes that there were: what keeps them shut is taken away, and the property must break. */
export const holes: readonly Hole[] = [
  {
    name: 'the auth location inherits error pages',
    plant: without(/error_page 599 \/;/),
    lines: ['error_page 500 502 503 504 = /x;'],
  },
  {
    name: 'the auth location inherits a body',
    plant: without(/proxy_set_body "";/),
    lines: ['proxy_set_body "GET /auth HTTP/1.1\\r\\nHost: app.test\\r\\n\\r\\n";'],
  },
  {
    name: 'the auth location inherits a body limit',
    plant: without(/client_max_body_size 0;/),
    lines: ['client_max_body_size 1k;'],
  },
  {
    name: 'rewrites of the server answer the subrequest',
    plant: without(/if \(\$uri ~ "[^\n]*\n {4}break;\n\}/),
    lines: ['rewrite ^/\\.postern/auth.* /x last;'],
  },
  {
    name: 'the server file stands behind rewrites',
    plant: (text, lines) => `${lines}\n${text}`,
    lines: ['if ($uri ~ "auth") { return 200 "yes"; }'],
  },
  {
    name: 'the auth location takes an address that is not there',
    plant: without(/proxy_bind off;/),
    lines: ['proxy_bind 192.0.2.1;'],
  },
  {
    name: 'sign-in inherits error pages',
    plant: (text, lines) =>
      `${text.replace(/(location \^~ \/\.postern\/ \{[\s\S]*?)error_page 599 \/;/, '$1')}\n${lines}`,
    lines: ['error_page 500 502 503 504 = @app;'],
  },
  {
    name: 'sign-in inherits a list of hidden headers',
    plant: without(/proxy_hide_header X-Postern-None;/),
    lines: [
      'proxy_hide_header Remote-User; proxy_hide_header X-Postern-Status; proxy_hide_header Set-Cookie;',
    ],
  },
  {
    name: 'pages of the server serve what was refused',
    plant: without(/rewrite \^ \/\.postern\/refused\?;/),
    lines: ['error_page 403 404 429 503 = @sorry;'],
    ownPages: true,
  },
];

/** Cases in which a hole shows. */
export function casesFor({ lines, ownPages = false }: Hole): Case[] {
  // As many as there are ways to deny.
  return (['up', 'down'] as const).flatMap((mode) =>
    denyingVerdicts.map(() => caseOf(lines, { mode, ownPages })),
  );
}
