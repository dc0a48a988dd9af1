import type { Deny } from '../decision/verdict.ts';
import type { Gate } from '../gate/gate.ts';
import type { Handshake } from '../gate/handshake.ts';

/** The places a credential can be presented in, in the order in which a gate looks by default. */
export const sourceNames = ['query', 'subprotocol', 'bearer', 'basic', 'cookie'] as const;

/** A place a credential can be presented in; `bridge` stands for those that a sign-on service reads. */
export type SourceName = (typeof sourceNames)[number] | 'bridge';

/** What a handshake presents, not yet verified. The value is secret: never log it. */
export interface Credential {
  readonly source: SourceName;
  readonly value: string;
  /** Who the client says it is (the user of Basic): the token has to be this subject's. */
  readonly claimedSubject?: string | undefined;
}

/** What a source found: the value, and whom the client claims to be. */
export type Presented = Omit<Credential, 'source'>;

/** Reads one place of a handshake. Pure, never throws, and takes time linear in its input. */
export interface CredentialSource {
  readonly name: (typeof sourceNames)[number];
  /**
   * What the credential says about the page behind the handshake. A page has to hold a token to put
   * it into a query (`none` needed). A browser adds a cookie by itself, whoever wrote the page, so an
   * allowed `Origin` is `required`. It also adds a Basic password it remembers, but programs, which
   * send no `Origin`, use the same header: there one that is `present` has to be allowed.
   */
  readonly origin: 'none' | 'present' | 'required';
  /** What is presented here, undefined when nothing is, or a denial when it is malformed. */
  extract(handshake: Handshake, gate: Gate): Presented | Deny | undefined;
}
