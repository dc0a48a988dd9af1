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
      description: 'The `iss` claim of its JWTs, exactly, including a slash at the end.',
    }),
    audience: Type.Unsafe<string | string[]>({
      type: ['string', 'array'],
      minLength: 1,
      items: { type: 'string', minLength: 1 },
      minItems: 1,
      description: 'Value of `aud` in its JWTs: one value or a list, of which one is enough.',
    }),
    jwks_url: optionalText('Address of its keys (a JWKS, RFC 7517).'),
    allow_http: Type.Optional(
      Type.Boolean({
        default: false,
        description:
          'Whether `jwks_url` may be `http:`. An attacker on the network path can then sign any JWT.',
      }),
    ),
    jwks_file: optionalText('File with its JWKS. Read again after a change.'),
    public_key: optionalText('Its public key or certificate, PEM.'),
    public_key_file: optionalText('File with the same.'),
    secret: optionalText('Shared secret (HMAC), 256 bits or more.', {
      writeOnly: true,
    }),
    secret_file: optionalText('File with the same.'),
    algorithms: Type.Optional(
      Type.Array(Type.Enum([...jwtAlgorithms]), {
        minItems: 1,
        uniqueItems: true,
        description: 'Allowed signature algorithms. The default depends on its keys.',
      }),
    ),
    leeway: Type.Optional(
      Type.String({
        pattern: durationPattern,
        default: issuerDefaults.leeway,
        description: 'Tolerated clock difference, at most `5m`.',
      }),
    ),
    subject_claim: optionalText('Claim with the subject.', {
      default: issuerDefaults.subject_claim,
    }),
    groups_claim: optionalText('Claim with the list of groups.', {
      default: issuerDefaults.groups_claim,
    }),
    gates_claim: optionalText(
      'Claim with the names of the gates where the JWT is valid. A JWT without it is then valid at none.',
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
      'Issuers whose JWTs are accepted, by names that you choose (docs/jwt.md). In the variable as JSON.',
  },
);
