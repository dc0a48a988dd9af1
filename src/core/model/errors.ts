/** A token was asked for that may not be. */
export class IssueRefused extends Error {
  override readonly name = 'IssueRefused';
  /** The field of the request that is to blame. */
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** A token was to be revoked by an issuer that could not have issued it. */
export class RevocationRefused extends Error {
  override readonly name = 'RevocationRefused';
}

/** A token is not good any more, so it cannot be changed. */
export class TokenEnded extends Error {
  override readonly name = 'TokenEnded';
}

/** Whether a JWT is its issuer's cannot be told right now. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

/** A revocation was asked for that cannot be. */
export class JwtRevocationRefused extends Error {
  override readonly name = 'JwtRevocationRefused';
  /** The field of the request that is to blame. */
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** The numbers of the other workers are not to be had. */
export class MetricsUnavailable extends Error {
  override readonly name = 'MetricsUnavailable';
}

/** A key was asked for that would not be what it says. */
export class KeyRefused extends Error {
  override readonly name = 'KeyRefused';
  /** The field of the request that is to blame. */
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/**
 * The store could not answer: locked, full, broken, gone. Whoever waits for a decision must deny.
 * Every method of a store may throw it or reject with it; nothing else is expected of them.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
