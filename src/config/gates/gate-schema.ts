import { type Static, type TSchema, Type } from 'typebox';
import { credentialKinds, defaultTokenCookie } from '../../core/gate/gate.ts';
import { gateNamePattern } from '../../core/gate/handshake.ts';
import { defaultSourceNames, sourceNames } from '../../core/model/source-name.ts';
import { durationPattern } from '../../lib/duration.ts';
import { httpTokenPattern } from '../../lib/http-token.ts';
import { flag, grantList, strict, stringList } from '../schema-fields.ts';
import { bridgeSchema } from '../sign-on/bridge-schema.ts';

/** Options of a section that restricts: it must not be empty. */
const restricting = { ...strict, minProperties: 1 } as const;

/** A header's value, from exactly one of these sources. */
const headerSchema = Type.Object(
  {
    field: Type.Optional(Type.Enum(['subject', 'token_id'])),
    claim: Type.Optional(Type.String({ minLength: 1 })),
    value: Type.Optional(Type.String({ minLength: 1, maxLength: 4_096 })),
    env: Type.Optional(Type.String({ minLength: 1 })),
    file: Type.Optional(Type.String({ minLength: 1 })),
  },
  strict,
);

const claimValue = Type.Unsafe<string | number | boolean | (string | number | boolean)[]>({
  type: ['string', 'number', 'boolean', 'array'],
  items: { type: ['string', 'number', 'boolean'] },
  minItems: 1,
});

const ruleProperties = {
  sources: Type.Optional(
    Type.Array(Type.Enum([...sourceNames, 'bridge']), {
      minItems: 1,
      uniqueItems: true,
      default: [...defaultSourceNames],
      description:
        'Where to look for a credential, in this order; the first source that has one decides. `api_key`, the header `X-Api-Key`, is off by default and needs rendered nginx files. `bridge` is the sign-on service in `bridge`; if omitted, it comes last.',
    }),
  ),
  cookies: Type.Optional(
    Type.Array(Type.String({ pattern: httpTokenPattern }), {
      minItems: 1,
      uniqueItems: true,
      default: [defaultTokenCookie],
      description:
        "Names of cookies that may hold a token, used if there is no session cookie. `__Host-postern`, the session cookie itself, allows no others. `postern_token` is not used if `login` is Postern's own page.",
    }),
  ),
  query: Type.Optional(
    Type.Array(Type.String({ pattern: '^[A-Za-z0-9._~-]+$' }), {
      minItems: 1,
      uniqueItems: true,
      default: ['token'],
      description: 'Names of query parameters that may hold a token.',
    }),
  ),
  origins: stringList(
    'Origins whose pages may connect: `same` (host of the request), `https://app.example.com`, `https://*.example.com`, `null`.',
    ['same'],
  ),
  networks: Type.Optional(
    Type.Object(
      {
        trust: grantList(
          'Client addresses and networks that are admitted without a credential; `loopback` and `private` work as well. Needs `hosts`.',
        ),
        trust_as: Type.Optional(
          Type.String({
            pattern: '^[^\\s\\u0000-\\u001f\\u007f]{1,256}$',
            default: 'trusted-network',
            description: 'Their subject, for the application and the log.',
          }),
        ),
        allow: stringList('Client addresses and networks that may connect. If omitted, all.'),
        deny: stringList('Client addresses and networks that may not connect.'),
      },
      restricting,
    ),
  ),
  public: grantList(
    'Paths that need no credential: `/healthz` (GET and HEAD), `POST /hooks/*`, `=/exactly/this`.',
  ),
  require: Type.Optional(
    Type.Object(
      {
        scopes: stringList('Scopes that are required, all of them.'),
        groups: stringList('Groups of which one is required.'),
        claims: Type.Optional(
          Type.Record(Type.String(), claimValue, {
            minProperties: 1,
            description:
              'Claims that are required, each with its value or one of its values. `*` in text matches anything.',
          }),
        ),
      },
      restricting,
    ),
  ),
  kinds: Type.Optional(
    Type.Array(Type.Enum([...credentialKinds]), {
      minItems: 1,
      uniqueItems: true,
      default: [...credentialKinds],
      description: 'Kinds of tokens that are accepted.',
    }),
  ),
  max_uses: Type.Optional(
    Type.Integer({
      minimum: 1,
      description: 'Accepts only tokens with at most this many uses: `1` for tickets only.',
    }),
  ),
  login: Type.Optional(
    Type.String({
      minLength: 1,
      description:
        'Where page loads without a credential are redirected: `https://login.example.com/?rd={url}`. `{scheme}`, `{host}` and `{path}` work as well.',
    }),
  ),
  headers: Type.Optional(
    Type.Record(Type.String(), headerSchema, {
      writeOnly: true,
      description:
        'Further headers for the application, by name: `{ claim: … }`, `{ field: subject }`, `{ value: … }`, or a secret from `{ env: … }` or `{ file: … }`.',
    }),
  ),
  forward_authorization: flag(
    "Whether the application gets the client's `Authorization`. If the application uses it itself, also remove `bearer` and `basic` from `sources`.",
  ),
  assertion: flag(
    'Whether the application gets `X-Postern-Assertion`, a signed JWT with the identity. The keys to verify it are at `/.well-known/jwks.json` on the gate listener.',
  ),
  jwt_single_use: flag(
    'Whether a JWT is valid for one request only, like a ticket. It then needs a `jti`.',
  ),
  bridge: Type.Optional(bridgeSchema),
  cache: Type.Optional(
    Type.String({
      pattern: durationPattern,
      default: '0s',
      description: 'How long nginx may cache an allow. Revocation is delayed by up to this long.',
    }),
  ),
};

/** `default_gate`: the default rules of every gate. */
export const defaultGateSchema = Type.Object(ruleProperties, strict);

/** One of `gates`: its hosts, paths and rules. */
export const gateSchema = Type.Object(
  {
    hosts: stringList('Hosts of the gate: `app.example.com`, `*.example.com`. If omitted, all.'),
    paths: stringList(
      'Paths of the gate: `/ws` with everything below it, `=/ws` alone, `/rooms/*/ws`. If omitted, all.',
    ),
    ...withoutDefaults(ruleProperties),
  },
  strict,
);

/** `gates`: gates by name. */
export const gatesSchema = Type.Record(Type.String({ pattern: gateNamePattern }), gateSchema, {
  minProperties: 1,
  additionalProperties: false,
  description:
    'Gates by name, each with hosts, paths and rules (docs/gates.md). A rule that a gate omits is as in `default_gate`. With `gates`, requests that match no gate are denied. In the variable as JSON.',
});

/** The rules of a gate, parsed and not validated. */
export type RawGateRules = Static<typeof defaultGateSchema>;

/** One gate, parsed and not validated. */
export type RawGate = Static<typeof gateSchema>;

/** A gate inherits from `default_gate`, so its schema has no defaults. */
function withoutDefaults<T extends Record<string, TSchema>>(properties: T): T {
  const stripped = Object.entries(properties).map(([name, schema]) => {
    // TypeBox keeps metadata in non-enumerable properties, which a spread would drop.
    const { default: _default, ...kept } = Object.getOwnPropertyDescriptors(
      schema as TSchema & { default?: unknown },
    );
    const bare = Object.defineProperties({}, kept) as TSchema & {
      properties?: Record<string, TSchema>;
    };
    if (bare.properties !== undefined) bare.properties = withoutDefaults(bare.properties);
    return [name, bare];
  });
  return Object.fromEntries(stripped);
}
