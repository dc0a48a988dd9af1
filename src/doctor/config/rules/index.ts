import type { Rule } from '../rule.ts';
import { httpVersion } from './http-version.ts';
import { identityHeaders } from './identity-headers.ts';
import { openSocket } from './open-socket.ts';
import { redirectedDenial } from './redirected-denial.ts';
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
];
