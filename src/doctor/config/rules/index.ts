import type { Rule } from '../rule.ts';
import { anyProtocol } from './any-protocol.ts';
import { bodyToAuth, broadAuthLocation, publicAuthLocation } from './auth-location-shape.ts';
import { basicBeside } from './basic-beside.ts';
import { beforeAuth } from './before-auth.ts';
import { besideProtection } from './beside-protection.ts';
import { denialAsSuccess } from './denial-as-success.ts';
import { httpVersion } from './http-version.ts';
import { identityHeaders } from './identity-headers.ts';
import { openSocket } from './open-socket.ts';
import { redirectedDenial } from './redirected-denial.ts';
import { satisfyAny } from './satisfy-any.ts';
import { upgradeHeaders } from './upgrade-headers.ts';
import { upgradeToAuth } from './upgrade-to-auth.ts';

/** All rules, in the order of their codes: what people meet most often comes first. */
export const rules: readonly Rule[] = [
  redirectedDenial,
  openSocket,
  upgradeHeaders,
  httpVersion,
  upgradeToAuth,
  identityHeaders,
  beforeAuth,
  denialAsSuccess,
  satisfyAny,
  besideProtection,
  anyProtocol,
  basicBeside,
  publicAuthLocation,
  broadAuthLocation,
  bodyToAuth,
];
