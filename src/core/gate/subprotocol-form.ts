/** How the secret is encoded in a subprotocol. */
type Encoding = 'plain' | 'percent' | 'base64url';

/** A form of subprotocols that carry a token. */
export interface SubprotocolForm {
  /** Text in front of the token. Undefined where the token is the subprotocol after `marker`. */
  readonly prefix: string | undefined;
  readonly encoding: Encoding;
  /**
   * A subprotocol that clients offer beside the token. It is selected in the answer where the application
   * has none of its own, and never reaches the application.
   */
  readonly marker: string | undefined;
}

/**
 * Postern's marker. Browsers fail a handshake whose offered subprotocols are all refused, and the one
 * with the token must not be echoed.
 */
export const markerSubprotocol = 'postern';

/** The forms that every gate knows. Tokens of Postern and JWTs need no encoding. */
export const builtInForms: readonly SubprotocolForm[] = [
  { prefix: 'postern.bearer.', encoding: 'plain', marker: markerSubprotocol },
  { prefix: 'postern.bearer64.', encoding: 'base64url', marker: markerSubprotocol },
];

/** The forms of well-known clients, by the name that `subprotocols` gives them. */
const presets: ReadonlyMap<string, SubprotocolForm> = new Map([
  // `authToken` of Phoenix's client, beside `phoenix`, which its server selects.
  ['phoenix', { prefix: 'base64url.bearer.phx.', encoding: 'base64url', marker: undefined }],
  // Beside `v4.channel.k8s.io` or another one, which the API server selects.
  [
    'kubernetes',
    {
      prefix: 'base64url.bearer.authorization.k8s.io.',
      encoding: 'base64url',
      marker: undefined,
    },
  ],
  // Jupyter enhancement proposal 121: the token as `encodeURIComponent` writes it.
  [
    'jupyter',
    {
      prefix: 'v1.token.websocket.jupyter.org.',
      encoding: 'percent',
      marker: 'v1.token.websocket.jupyter.org',
    },
  ],
  ['bearer', { prefix: undefined, encoding: 'percent', marker: 'bearer' }],
]);

/** The names of the presets, for documentation and errors. */
export const presetNames: readonly string[] = [...presets.keys()];

/** A prefix with an end: `chat{token}` would take the subprotocol `chat2` for a token. */
const prefixTemplate = /^([A-Za-z0-9!#$%&'*+.^_`|~-]+[._~+-])\{(token|base64url)\}$/;
/** The characters that a marker can have in the pattern of an nginx file. */
const pairTemplate = /^([A-Za-z0-9._~-]{1,64}) \{token\}$/;

/**
 * Parses a word of `subprotocols`: a preset, `PREFIX.{token}`, `PREFIX.{base64url}`, or `NAME {token}` for a
 * token that is offered after NAME. A `{token}` may be percent-encoded, as in a cookie.
 */
export function parseSubprotocolForm(word: string): SubprotocolForm | { readonly invalid: string } {
  const preset = presets.get(word);
  if (preset !== undefined) return preset;
  const [, prefix, placeholder] = prefixTemplate.exec(word) ?? [];
  const [, marker] = pairTemplate.exec(word) ?? [];
  if (prefix === undefined && marker === undefined) {
    return {
      invalid: `write ${presetNames.join(', ')}, PREFIX.{token}, PREFIX.{base64url}, or NAME {token} for a token after NAME`,
    };
  }
  if (/^postern(?:\.|$)/.test(prefix ?? marker ?? '')) {
    return { invalid: 'names that begin with postern are known without this setting' };
  }
  return {
    prefix,
    encoding: placeholder === 'base64url' ? 'base64url' : 'percent',
    marker,
  };
}
