import type { Gate } from '../gate/gate.ts';
import type { Handshake } from '../gate/handshake.ts';
import type { Credential } from '../model/credential.ts';
import type { sourceNames } from '../model/source-name.ts';
import type { Deny } from '../model/verdict.ts';

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
