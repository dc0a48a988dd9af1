/** The places a credential can be presented in, in the order in which a gate looks by default. */

export const sourceNames = ['query', 'subprotocol', 'bearer', 'basic', 'cookie'] as const;
/** A place a credential can be presented in; `bridge` stands for those that a sign-on service reads. */

export type SourceName = (typeof sourceNames)[number] | 'bridge';
