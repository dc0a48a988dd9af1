import { type Static, Type } from 'typebox';
import { httpTokenPattern } from '../lib/http-token.ts';
import { defaultGateSchema, gatesSchema } from './gates/gate-schema.ts';
import { issuersSchema } from './jwt/issuer-schema.ts';
import { duration, section, strict, stringList, text } from './schema-fields.ts';

/**
 * The schema of `postern.yaml`. It is the single source of validation, of the environment variables
 * (`POSTERN_` and the path in upper case), of the JSON Schema for editors and of the documentation's table
 * of settings. A setting marked `writeOnly` is a secret and is never shown.
 */
export const configSchema = Type.Object(
  {
    data_dir: text('./data', 'Directory of the token store. Created with mode 0700 if missing.'),
    gate: section({
      listen: text('127.0.0.1:8420', 'Address for nginx: `host:port`, or `unix:/path/to/socket`.'),
      trusted_proxies: stringList(
        'Addresses and networks of the nginx servers that may ask; `loopback` and `private` work as well. Unix sockets may always ask.',
        ['loopback'],
      ),
    }),
    admin: section({
      listen: text(
        '127.0.0.1:8421',
        'Address of the admin API: `host:port`, or `unix:/path/to/socket`.',
      ),
      key: text(
        undefined,
        'The admin key, 128 bits or more. Without it, the first start makes one and shows it once on a terminal; without a terminal it writes it to `first-admin-key` in `data_dir`.',
        { writeOnly: true },
      ),
      key_file: text(undefined, 'File with the admin key, instead of `key`.'),
    }),
    workers: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 64,
        default: 1,
        description:
          'Number of processes that answer nginx, on the same listeners and store. Use more than one if one processor is not enough.',
      }),
    ),
    default_gate: Type.Optional(defaultGateSchema),
    gates: Type.Optional(gatesSchema),
    assertion: section({
      issuer: text('postern', '`iss` of the assertions for applications.'),
      ttl: duration('60s', 'Lifetime of an assertion.'),
    }),
    tokens: section({
      default_ttl: duration('30d', 'Lifetime of a token if the request sets none.'),
      max_ttl: duration(
        undefined,
        'Maximum lifetime of a token. If unset, there is no limit, and tokens without expiry are possible.',
      ),
      retention: duration(
        '30d',
        'How long an expired or revoked token is kept. After that it is `unknown_token`.',
      ),
    }),
    tickets: section({
      default_ttl: duration('30s', 'Lifetime of a ticket if the request sets none.'),
      max_ttl: duration('5m', 'Maximum lifetime of a ticket.'),
      retention: duration('1d', 'How long a used, expired or revoked ticket is kept.'),
    }),
    sessions: section({
      cookie: text(
        '__Host-postern',
        'Name of the session cookie. Every gate that accepts cookies looks for it first.',
        { pattern: httpTokenPattern },
      ),
      ttl: duration(
        '12h',
        'Lifetime of a session; with `sliding` expiry, counted from its last use.',
      ),
      expiry: Type.Optional(
        Type.Enum(['fixed', 'sliding'], {
          default: 'fixed',
          description: 'Whether each use extends the session.',
        }),
      ),
      max_ttl: duration('30d', 'Maximum lifetime of a session with `sliding` expiry.'),
      retention: duration('7d', 'How long an ended session is kept.'),
      max_per_token: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 1_000_000,
          default: 200,
          description:
            'Maximum number of sessions of one token at a time; a new one ends the oldest. Also the maximum that are opened with it within ten minutes.',
        }),
      ),
      max_per_subject: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 1_000_000,
          default: 2_000,
          description:
            'Maximum number of sessions of one subject at a time, over all its tokens; a new one ends the oldest.',
        }),
      ),
      same_site: Type.Optional(
        Type.Enum(['strict', 'lax', 'none'], {
          default: 'lax',
          description: '`SameSite` of the cookie. Pages on another site need `none`.',
        }),
      ),
      domain: text(
        undefined,
        '`Domain` of the cookie, to share it with subdomains. Needs a `cookie` name without `__Host-`.',
      ),
      partitioned: Type.Optional(
        Type.Boolean({
          default: false,
          description:
            '`Partitioned` (CHIPS), for pages embedded elsewhere. Needs `same_site: none`.',
        }),
      ),
    }),
    jwt: section({ issuers: Type.Optional(issuersSchema) }),
    audit: section({
      retention: duration(
        '400d',
        'How long entries of the audit log are kept. The default is a year and a month.',
      ),
      denials: Type.Optional(
        Type.Boolean({
          default: true,
          description:
            'Whether denials are in the audit log: the first ones of a kind each minute, then a count.',
        }),
      ),
    }),
    throttle: section({
      enabled: Type.Optional(
        Type.Boolean({
          default: true,
          description: 'Whether failed attempts are counted (docs/throttling.md).',
        }),
      ),
      failures: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 1_000_000,
          default: 300,
          description:
            'Number of attempts of one network at one gate that may fail within `window`.',
        }),
      ),
      window: duration('10m', 'Time window for `failures`, which drain linearly over it.'),
      ipv4_prefix: Type.Optional(
        Type.Integer({
          minimum: 8,
          maximum: 32,
          default: 32,
          description: 'Number of leading bits of an IPv4 address that identify a network.',
        }),
      ),
      ipv6_prefix: Type.Optional(
        Type.Integer({
          minimum: 16,
          maximum: 128,
          default: 64,
          description: 'Number of leading bits of an IPv6 address that identify a network.',
        }),
      ),
      exempt: Type.Optional(
        Type.Array(Type.String({ minLength: 1 }), {
          description:
            'Client addresses and networks whose attempts are not counted; `loopback` and `private` work as well.',
        }),
      ),
      persist: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'Whether throttled networks stay throttled after a restart.',
        }),
      ),
    }),
    metrics: section({
      public: Type.Optional(
        Type.Boolean({
          default: false,
          description:
            'Whether `/metrics` on the admin listener works without an admin key, for scrapers that cannot send one.',
        }),
      ),
    }),
    tracing: section({
      enabled: Type.Optional(
        Type.Boolean({
          default: false,
          description:
            'Whether decisions are recorded as spans for the OpenTelemetry SDK of the process (docs/tracing.md).',
        }),
      ),
    }),
    log: section({
      level: Type.Optional(
        Type.Enum(['debug', 'info', 'warn', 'error', 'silent'], {
          default: 'info',
          description: 'Decisions are logged at `info`.',
        }),
      ),
      format: Type.Optional(
        Type.Enum(['auto', 'json', 'pretty'], {
          default: 'auto',
          description: '`auto` is `pretty` on a terminal and `json` elsewhere.',
        }),
      ),
    }),
  },
  { ...strict, title: 'postern.yaml' },
);

/** The parsed `postern.yaml`: every setting is optional. */
export type RawConfig = Static<typeof configSchema>;
