/** A field of a request to the admin API breaks a rule that its schema cannot express. */
export class InvalidField extends Error {
  override readonly name = 'InvalidField';
  /** The field of the request that is to blame. */
  readonly field: string;

  constructor(field: string, message: string) {
    super(message);
    this.field = field;
  }
}

/** An issuer may revoke only tokens that it could have issued. */
export class RevocationRefused extends Error {
  override readonly name = 'RevocationRefused';
}

/** A token that expired, was used up or revoked cannot be changed. */
export class TokenEnded extends Error {
  override readonly name = 'TokenEnded';
}

/** The issuer's keys are unavailable, so a JWT cannot be verified. */
export class IssuerUnavailable extends Error {
  override readonly name = 'IssuerUnavailable';
}

/** The metrics of the other workers are unavailable. */
export class MetricsUnavailable extends Error {
  override readonly name = 'MetricsUnavailable';
}

/**
 * The store could not answer: locked, full, broken, gone. Decisions that wait for it must deny. Every
 * method of a store may throw it or reject with it, and no other error is expected.
 */
export class StoreUnavailable extends Error {
  override readonly name = 'StoreUnavailable';
}
