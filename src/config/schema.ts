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
    data_dir: text('./data', 'Directory of the token store. Made with mode 0700 when missing.'),
    gate: section({
      listen: text('127.0.0.1:8420', 'Where nginx asks: `host:port`, or `unix:/path/to/socket`.'),
      trusted_proxies: stringList(
        'Addresses and networks of the nginx servers that may ask, also `loopback` and `private`. Unix sockets always may.',
        ['loopback'],
      ),
    }),
    admin: section({
      listen: text(
        '127.0.0.1:8421',
        'Where tokens are issued and revoked: `host:port`, or `unix:/path/to/socket`.',
      ),
      key: text(
        undefined,
        'The admin key, 128 bits or more. Without one the first start makes one, and shows it once on a terminal, or else puts it into `first-admin-key` in `data_dir`.',
        { writeOnly: true },
      ),
      key_file: text(undefined, 'File that holds the admin key, instead of `key`.'),
    }),
    workers: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 64,
        default: 1,
        description:
          'Processes that answer nginx, on the same listeners and store. More than one pays when one processor is not enough.',
      }),
    ),
    default_gate: Type.Optional(defaultGateSchema),
    gates: Type.Optional(gatesSchema),
    assertion: section({
      issuer: text('postern', '`iss` of the assertions that backends get.'),
      ttl: duration('60s', 'Life of an assertion.'),
    }),
    tokens: section({
      default_ttl: duration('30d', 'Life of a token when the request names none.'),
      max_ttl: duration(
        undefined,
        'Longest life of a token. Unset: any, and tokens that never expire are possible.',
      ),
      retention: duration('30d', 'How long an expired or revoked token stays listed.'),
    }),
    tickets: section({
      default_ttl: duration('30s', 'Life of a ticket when the request names none.'),
      max_ttl: duration('5m', 'Longest life of a ticket.'),
      retention: duration('1d', 'How long a used, expired or revoked ticket stays listed.'),
    }),
    sessions: section({
      cookie: text(
        '__Host-postern',
        'Name of the cookie that signing in sets. Every gate that looks for cookies looks for it first.',
        { pattern: httpTokenPattern },
      ),
      ttl: duration('12h', 'Life of a session; with `sliding` expiry, since its last use.'),
      expiry: Type.Optional(
        Type.Enum(['fixed', 'sliding'], {
          default: 'fixed',
          description: 'Whether using a session makes it live longer.',
        }),
      ),
      max_ttl: duration('30d', 'Longest life of a session with `sliding` expiry.'),
      retention: duration('7d', 'How long an ended session stays listed.'),
      max_per_token: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 1_000_000,
          default: 200,
          description:
            'Most sessions that one token has at a time; the oldest ends for a new one. Nor are more opened with it in ten minutes.',
        }),
      ),
      max_per_subject: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 1_000_000,
          default: 2_000,
          description:
            'Most sessions that one subject has at a time, by whatever tokens; the oldest ends for a new one.',
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
      retention: duration('400d', 'How long entries of the audit log stay: a year and a month.'),
      denials: Type.Optional(
        Type.Boolean({
          default: true,
          description:
            'Whether denials are in the audit log: the first of a kind each minute, then how many.',
        }),
      ),
    }),
    throttle: section({
      enabled: Type.Optional(
        Type.Boolean({
          default: true,
          description:
            'Whether failed attempts are counted: see [docs/throttling.md](docs/throttling.md).',
        }),
      ),
      failures: Type.Optional(
        Type.Integer({
          minimum: 1,
          maximum: 1_000_000,
          default: 300,
          description: 'How many attempts of one network at one gate may fail within `window`.',
        }),
      ),
      window: duration('10m', 'The time that `failures` is about.'),
      ipv4_prefix: Type.Optional(
        Type.Integer({
          minimum: 8,
          maximum: 32,
          default: 32,
          description: 'Leading bits of an IPv4 address that name a network.',
        }),
      ),
      ipv6_prefix: Type.Optional(
        Type.Integer({
          minimum: 16,
          maximum: 128,
          default: 64,
          description: 'Leading bits of an IPv6 address that name a network.',
        }),
      ),
      exempt: Type.Optional(
        Type.Array(Type.String({ minLength: 1 }), {
          description:
            'Client addresses and networks whose attempts are not counted, also `loopback` and `private`.',
        }),
      ),
      persist: Type.Optional(
        Type.Boolean({
          default: false,
          description: 'Whether a restart remembers which networks are throttled.',
        }),
      ),
    }),
    metrics: section({
      public: Type.Optional(
        Type.Boolean({
          default: false,
          description:
            'Whether `/metrics` on the admin listener answers without an admin key, for scrapers that cannot send one.',
        }),
      ),
    }),
    tracing: section({
      enabled: Type.Optional(
        Type.Boolean({
          default: false,
          description:
            'Whether decisions are spans for the OpenTelemetry SDK that the process was started with: see [docs/tracing.md](docs/tracing.md).',
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
