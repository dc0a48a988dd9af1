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
      description: `What it is: ${bridgeServices.map((name) => `\`${name}\``).join(', ')}.`,
    }),
    url: Type.String({
      minLength: 1,
      description:
        'Where Postern reaches it, such as `http://tinyauth:3000`. A path in it goes before the paths of the service.',
    }),
    headers: Type.Optional(
      Type.Enum(['original', 'forwarded'], {
        default: bridgeDefaults.headers,
        description:
          'How TinyAuth is told about the request: `original` since 5.2, `forwarded` before.',
      }),
    ),
    cookies: Type.Optional(
      Type.Array(Type.String({ minLength: 1 }), {
        minItems: 1,
        uniqueItems: true,
        description:
          'Names of its session cookies, a `*` at the end for any ending. By default what is usual for the service; it gets no others.',
      }),
    ),
    login: optionalText(
      "Where people log in: an address, or a path on the host of the request. Behind a `=` at its end comes the address that they asked for. By default what the service's answer says, or what is usual for it.",
    ),
    timeout: Type.Optional(
      Type.String({
        pattern: durationPattern,
        default: bridgeDefaults.timeout,
        description:
          'How long an answer may take, `30s` at most. nginx waits 3 seconds, so more has no effect without a longer `proxy_read_timeout` there.',
      }),
    ),
    max_requests: Type.Optional(
      Type.Integer({
        minimum: 1,
        maximum: 1_024,
        default: bridgeDefaults.max_requests,
        description:
          'Most requests to it at once, of which one network of clients gets three quarters. Four times as many may wait, the rest is denied.',
      }),
    ),
    keep_connections: Type.Optional(
      Type.Boolean({
        default: bridgeDefaults.keep_connections,
        description:
          'Whether a connection is used again, for the same person. `false` opens one for each question: for a service that may answer late or twice.',
      }),
    ),
    cache: Type.Optional(
      Type.String({
        pattern: durationPattern,
        default: bridgeDefaults.cache,
        description:
          'How long an answer that lets through counts, `60s` at most. For that long somebody who logs out there still gets in here.',
      }),
    ),
    path: optionalText('Where a `custom` service answers auth_request.'),
    request_headers: Type.Optional(
      Type.Object(
        {
          url: headers('Header, or list of them, for the whole address of the request.'),
          uri: headers('The same for its path and query.'),
          scheme: headers('The same for `https` or `http`.'),
          host: headers('The same for its host; `Host` works too.'),
          method: headers('The same for its method.'),
          client_address: headers('The same for the address of the client.'),
        },
        {
          additionalProperties: false,
          description: 'What a `custom` service is told about the request, and in which headers.',
        },
      ),
    ),
    answer_headers: Type.Optional(
      Type.Object(
        {
          subject: header('Header that names who it is. A `custom` service has to have one.'),
          email: header('Header with their e-mail address.'),
          name: header('Header with their name.'),
          groups: header('Header with their groups.'),
          login: header('Header of a denial by a `custom` service: where to log in.'),
        },
        {
          additionalProperties: false,
          description: 'Which headers of its answer say who it is, where they are not the usual.',
        },
      ),
    ),
    groups_separator: optionalText('What stands between two groups, one character.', {
      maxLength: 1,
    }),
  },
  {
    additionalProperties: false,
    // One environment variable for the section: its settings depend on each other.
    whole: true,
    description:
      'Another sign-on service that is asked who somebody is: see [docs/bridge.md](docs/bridge.md). In the variable as JSON.',
  },
);

/** `bridge` of a gate, parsed and not validated. */
export type RawBridge = Static<typeof bridgeSchema>;
