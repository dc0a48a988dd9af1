import type { BridgeSettings } from '../core/model/sign-on-settings.ts';
import { authelia } from './authelia.ts';
import { authentik } from './authentik.ts';
import { createCustom } from './custom.ts';
import { oauth2Proxy } from './oauth2-proxy.ts';
import type { SignOn } from './sign-on.ts';
import { createTinyauth } from './tinyauth.ts';
import { vouch } from './vouch.ts';

const services: Readonly<Record<BridgeSettings['service'], (settings: BridgeSettings) => SignOn>> =
  {
    tinyauth: ({ headers }) => createTinyauth(headers),
    authelia: () => authelia,
    authentik: () => authentik,
    'oauth2-proxy': () => oauth2Proxy,
    vouch: () => vouch,
    custom: createCustom,
  };

/** The service of a configuration, with what the configuration says otherwise. */
export function chooseSignOn(settings: BridgeSettings): SignOn {
  const usual = services[settings.service](settings);
  return {
    ...usual,
    cookies: settings.cookies ?? usual.cookies,
    answerHeaders: { ...usual.answerHeaders, ...settings.answerHeaders },
    // Where people log in is then no longer the service's to say.
    ...(settings.login !== undefined && { login: settings.login, loginHeader: undefined }),
  };
}
