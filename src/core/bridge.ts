import type { Handshake } from './handshake.ts';
import type { Identity } from './identity.ts';
import type { Deny } from './verdict.ts';

/** placeholder until the bridge is merged */
export interface BridgeSettings {
  readonly service: string;
  readonly cacheMs: number;
}

export interface Bridge {
  cookiesOf(cookieHeader: string | undefined): string | undefined;
  ask(
    request: {
      readonly handshake: Handshake;
      readonly cookies: string | undefined;
      readonly authorization: string | undefined;
    },
    now: number,
  ): Promise<Identity | Deny>;
  close(): Promise<void>;
}
