/**
 * All credential sources: the places in a handshake that can carry a credential, in the order in which
 * they are searched where nothing else is configured.
 */
export const sourceNames = [
  'query',
  'subprotocol',
  'bearer',
  'basic',
  'api_key',
  'cookie',
] as const;

/** A credential source. `bridge` stands for all places that a sign-on service reads. */
export type SourceName = (typeof sourceNames)[number] | 'bridge';

/**
 * Default of `default_gate.sources`. A list of its own, so that a new source can be off until a gate
 * names it.
 */
export const defaultSourceNames = [
  'query',
  'subprotocol',
  'bearer',
  'basic',
  'cookie',
] as const satisfies readonly SourceName[];
