import type { Gate } from './gate.ts';
import type { Handshake } from './handshake.ts';
import type { Deny } from './verdict.ts';

/** The places a credential can be presented in. */
export type SourceName = 'query' | 'cookie';

/** What a handshake presents, not yet verified. The value is secret: never log it. */
export interface Credential {
  readonly source: SourceName;
  readonly value: string;
}

/** Reads one place of a handshake. Pure, never throws, and takes time linear in its input. */
export interface CredentialSource {
  readonly name: SourceName;
  /**
   * True where a browser adds the credential by itself, whoever wrote the page (a cookie). Such a
   * credential proves nothing about the page, so the handshake's `Origin` has to.
   */
  readonly ambient: boolean;
  /** The value presented here, undefined when there is none, or a denial when it is malformed. */
  extract(handshake: Handshake, gate: Gate): string | Deny | undefined;
}
