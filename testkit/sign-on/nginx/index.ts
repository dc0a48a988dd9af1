import { authelia } from './authelia.ts';
import { authentik } from './authentik.ts';
import { oauth2Proxy } from './oauth2-proxy.ts';
import type { SignOn } from './sign-on.ts';
import { tinyauth } from './tinyauth.ts';
import { vouch } from './vouch.ts';

/** All sign-on services, in every manner that is tested. */
export const signOns: readonly SignOn[] = [
  ...tinyauth,
  ...authelia,
  ...authentik,
  ...oauth2Proxy,
  ...vouch,
];
