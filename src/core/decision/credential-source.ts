import type { Gate } from '../gate/gate.ts';
import type { Handshake } from '../gate/handshake.ts';
import type { Credential } from '../model/credential.ts';
import type { sourceNames } from '../model/source-name.ts';
import type { Deny } from '../model/verdict.ts';

/** A credential found by a source. */
export type PresentedCredential = Omit<Credential, 'source'>;

/** Extracts credentials from one place of a handshake. Pure, never throws, takes linear time. */
export interface CredentialSource {
  readonly name: (typeof sourceNames)[number];
  /**
   * Requirement on `Origin` against cross-site requests. `none`: a page must know the token to send it.
   * `required`: browsers add a cookie to requests of any page (ambient authority), so an allowed `Origin`
   * is needed. `present`: browsers also add a stored Basic password, but programs use the same header and
   * send no `Origin`, so it has to be allowed only where there is one.
   */
  readonly origin: 'none' | 'present' | 'required';
  /** The credential, undefined where there is none, or a denial when it is malformed. */
  extract(handshake: Handshake, gate: Gate): PresentedCredential | Deny | undefined;
}
