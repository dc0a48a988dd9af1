import { type Static, Type } from 'typebox';
import { jwtAlgorithms } from '../../core/model/issuer.ts';
import { durationPattern } from '../../lib/duration.ts';
import { optionalText } from '../schema-fields.ts';

/** Defaults of an issuer. */
export const issuerDefaults = {
  leeway: '30s',
  subject_claim: 'sub',
  groups_claim: 'groups',
} as const;

/** One issuer in `jwt.issuers`. */
export const issuerSchema = Type.Object(
  {
    issuer: Type.String({
      minLength: 1,
      description: 'The `iss` claim of its JWTs, to the letter, a slash at the end included.',
    }),
    audience: Type.Unsafe<string | string[]>({
      type: ['string', 'array'],
      minLength: 1,
      items: { type: 'string', minLength: 1 },
      minItems: 1,
      description: 'What its JWTs name in `aud`: one word or a list, of which one is enough.',
    }),
    jwks_url: optionalText('Where it publishes its keys (a JWKS, RFC 7517).'),
    allow_http: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether `jwks_url` may be `http:`. Whoever is on the way can then sign whatever they like.',
      }),
    ),
    jwks_file: optionalText('File with its JWKS. Read again when it has changed.'),
    public_key: optionalText('Its public key or certificate, PEM.'),
    public_key_file: optionalText('File with the same.'),
    secret: optionalText('The secret it shares with you (HMAC), 256 bits or more.', {
      writeOnly: true,
    }),
    secret_file: optionalText('File with the same.'),
    algorithms: Type.Optional(
      Type.Array(Type.Enum([...jwtAlgorithms]), {
        minItems: 1,
        uniqueItems: true,
        description: 'Algorithms that it may sign with. By default what is usual for its keys.',
      }),
    ),
    leeway: Type.Optional(
      Type.String({
        pattern: durationPattern,
        default: issuerDefaults.leeway,
        description: 'By how much its clock may be wrong, `5m` at most.',
      }),
    ),
    subject_claim: optionalText('Claim that says who it is.', {
      default: issuerDefaults.subject_claim,
    }),
    groups_claim: optionalText('Claim with a list of groups.', {
      default: issuerDefaults.groups_claim,
    }),
    gates_claim: optionalText(
      'Claim with the names of the gates that the JWT is good at. A JWT without it is then good at none.',
    ),
  },
  { additionalProperties: false },
);

/** One issuer, parsed and not validated. */
export type RawIssuer = Static<typeof issuerSchema>;

/** Names of issuers. */
export const issuerNamePattern = '^[a-z][a-z0-9_-]{0,63}$';

/** `jwt.issuers`: issuers by name. */
export const issuersSchema = Type.Record(
  Type.String({ pattern: issuerNamePattern }),
  issuerSchema,
  {
    additionalProperties: false,
    description:
      'Issuers whose JWTs count as credentials, by names of your own: see [docs/jwt.md](docs/jwt.md). In the variable as JSON.',
  },
);
