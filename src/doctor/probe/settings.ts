import type { Lookup } from './dial.ts';
import type { Target } from './target.ts';

/** What to look at, and with what. All times in milliseconds. */
export interface ProbeSettings {
  readonly target: Target;
  /** For each step of each request. */
  readonly timeout: number;
  /** Certificates to trust beside the usual ones, in PEM. */
  readonly ca?: string;
  /** Origin of the page that opens the socket. */
  readonly origin: string;
  /** A token to present in every way. */
  readonly token?: string;
  /** Names under which the gate looks for it. */
  readonly queryName: string;
  readonly cookieName: string;
  /** `name=value`, as a browser would send it. */
  readonly cookie?: string;
  /** A ticket to present twice. */
  readonly ticket?: string;
  /** Subprotocols of the application to offer. */
  readonly protocols: readonly string[];
  readonly gateReason: boolean;
  /** The command runs on the server that opens its own address. */
  readonly fromServer: boolean;
  /** How long to leave an open socket silent. */
  readonly idle?: number;
  /** Size in bytes of a message to send through an open socket. */
  readonly frame?: number;
  /** Looks names up; the system's way when left out. */
  readonly lookup?: Lookup;
  /** Told which check is under way. */
  readonly onProgress?: (what: string) => void;
}
