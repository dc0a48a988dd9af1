import type { BridgeService } from '../../src/core/model/sign-on-settings.ts';

/** Somebody who logged in at a stand-in, by the cookie that tells it so. */
export interface SignOnUser {
  readonly name: string;
  readonly email?: string;
  readonly fullName?: string;
  readonly groups?: readonly string[];
  /** Whether the rules of the service admit them everywhere. */
  readonly admitted?: boolean;
}

/** Alice, whom every stand-in knows. */
export const alice: SignOnUser = {
  name: 'alice',
  email: 'alice@example.com',
  fullName: 'Alice Ä. Example',
  groups: ['admins', 'users'],
};

/** Bob, whom they know and do not admit. */
export const bob: SignOnUser = { name: 'bob', admitted: false };
/** Who the session cookies of the stand-ins belong to. */
export const users: Readonly<Record<string, SignOnUser>> = {
  'alice-session': alice,
  'bob-session': bob,
};

/** `Cookie` headers with Alice's, or Bob's, session at a service. */
export const sessions: Readonly<
  Record<Exclude<BridgeService, 'custom'>, { readonly alice: string; readonly bob: string }>
> = {
  tinyauth: {
    alice: 'tinyauth-session-1a2b3c4d=alice-session',
    bob: 'tinyauth-session-1a2b3c4d=bob-session',
  },
  authelia: { alice: 'authelia_session=alice-session', bob: 'authelia_session=bob-session' },
  authentik: {
    alice: 'authentik_proxy_0f1e2d3c=alice-session',
    bob: 'authentik_proxy_0f1e2d3c=bob-session',
  },
  // Split over two cookies, as long sessions are.
  'oauth2-proxy': {
    alice: '_oauth2_proxy_0=alice-; _oauth2_proxy_1=session',
    bob: '_oauth2_proxy_0=bob-; _oauth2_proxy_1=session',
  },
  vouch: { alice: 'VouchCookie=alice-session', bob: 'VouchCookie=bob-session' },
};
