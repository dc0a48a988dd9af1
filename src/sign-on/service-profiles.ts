import type { BridgeSettings } from '../core/model/sign-on-settings.ts';
import { authelia } from './authelia.ts';
import { authentik } from './authentik.ts';
import { createCustom } from './custom.ts';
import { oauth2Proxy } from './oauth2-proxy.ts';
import type { ServiceDefaults, ServiceProfile } from './service-profile.ts';
import { createTinyauth } from './tinyauth.ts';
import { vouch } from './vouch.ts';

const profiles: Readonly<
  Record<BridgeSettings['service'], (settings: BridgeSettings) => ServiceDefaults>
> = {
  tinyauth: ({ headers }) => createTinyauth(headers),
  authelia: () => authelia,
  authentik: () => authentik,
  'oauth2-proxy': () => oauth2Proxy,
  vouch: () => vouch,
  custom: createCustom,
};

/** The profile of the configured service, with the overrides of the configuration. */
export function profileFor(settings: BridgeSettings): ServiceProfile {
  const defaults = profiles[settings.service](settings);
  return {
    ...defaults,
    responseLoginHeader: defaults.loginHeader,
    cookies: settings.cookies ?? defaults.cookies,
    answerHeaders: { ...defaults.answerHeaders, ...settings.answerHeaders },
    // A configured login URL replaces the one in the response.
    ...(settings.login !== undefined && { login: settings.login, loginHeader: undefined }),
  };
}
