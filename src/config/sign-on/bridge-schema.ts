import { type Static, Type } from 'typebox';
import { bridgeServices } from '../../core/model/sign-on-settings.ts';
import { durationPattern } from '../../lib/duration.ts';
import { httpTokenPattern } from '../../lib/http-token.ts';
import { optionalText } from '../schema-fields.ts';

/** Defaults of a bridge. */
export const bridgeDefaults = {
  headers: 'original',
  timeout: '2800ms',
  max_requests: 64,
  keep_connections: true,
  cache: '0s',
} as const;

function header(description: string) {
  return optionalText(description, { pattern: httpTokenPattern });
}

function headers(description: string) {
  return Type.Optional(
    Type.Unsafe<string | string[]>({
      type: ['string', 'array'],
      pattern: httpTokenPattern,
      items: { type: 'string', pattern: httpTokenPattern },
      minItems: 1,
      description,
    }),
  );
}

/** `bridge` of a gate: a sign-on service as a source of identities. */
export const bridgeSchema = Type.Object(
  {
    service: Type.Enum([...bridgeServices], {
      description: `The service: ${bridgeServices.map((name) => `\`${name}\``).join(', ')}.`,
    }),
    url: Type.String({
      minLength: 1,
      description:
        'Its address for Postern, such as `http://tinyauth:3000`. A path in it is put before the paths of the service.',
    }),
    headers: Type.Optional(
      Type.Enum(['original', 'forwarded'], {
        default: bridgeDefaults.headers,
        description:
          'Headers that describe the request to TinyAuth: `forwarded` before 5.1, `original` after 5.2; 5.1 and 5.2 accept either.',
      }),
    ),
    cookies: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        uniqueItems: true,
        description:
          'Names of its session cookies; a `*` at the end matches any ending. The default depends on the service; it gets no other cookies.',
      }),
    ),
    login: optionalText(
      "Where people log in: an address, or a path on the host of the request. If it ends in `=`, the address that was asked for is appended. The default is the address in the service's answer, or the usual one of the service.",
    ),
    timeout: Type.Optional(
      Type.String({
        pattern: durationPattern,
        default: bridgeDefaults.timeout,
        description:
          'Time limit for an answer, at most `30s`. nginx waits 3 seconds, so more has no effect without a longer `proxy_read_timeout` there.',
      }),
    ),
    max_requests: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_024,
        default: bridgeDefaults.max_requests,
        description:
          'Maximum number of concurrent requests to it; one client network gets at most three quarters. Four times as many may wait, further ones are denied.',
      }),
    ),
    keep_connections: Type.Optional(
      Type.Boolean({
        default: bridgeDefaults.keep_connections,
        description:
          'Whether a connection is reused, for the same user. `false` opens one per request: for a service that may answer late or twice.',
      }),
    ),
    cache: Type.Optional(
      Type.String({
        pattern: durationPattern,
        default: bridgeDefaults.cache,
        description:
          'How long an allow of the service is cached, at most `60s`. For that long, a user who logs out there is still admitted here.',
      }),
    ),
    path: optionalText('Path where a `custom` service answers auth_request.'),
    request_headers: Type.Optional(
      Type.Object(
        {
          url: headers('Header, or list of headers, for the whole address of the request.'),
          uri: headers('The same for its path and query.'),
          scheme: headers('The same for `https` or `http`.'),
          host: headers('The same for its host; `Host` works too.'),
          method: headers('The same for its method.'),
          client_address: headers('The same for the client address.'),
        },
        {
          additionalProperties: false,
          description: 'Headers that describe the request to a `custom` service.',
        },
      ),
    ),
    answer_headers: Type.Optional(
      Type.Object(
        {
          subject: header('Header with the subject. Required for a `custom` service.'),
          email: header('Header with the e-mail address.'),
          name: header('Header with the name.'),
          groups: header('Header with the groups.'),
          login: header('Header in a denial of a `custom` service with its login address.'),
        },
        {
          additionalProperties: false,
          description: 'Headers of its answer with the identity, if they are not the usual ones.',
        },
      ),
    ),
    groups_separator: optionalText('Separator of groups, one character.', {
      maxLength: 1,
    }),
  },
  {
    additionalProperties: false,
    // One environment variable for the section: its settings depend on each other.
    whole: true,
    description:
      'A sign-on service as a source of identities (docs/bridge.md). In the variable as JSON.',
  },
);

/** `bridge` of a gate, parsed and not validated. */
export type RawBridge = Static<typeof bridgeSchema>;
