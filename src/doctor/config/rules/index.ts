import type { Rule } from '../rule.ts';
import { anyProtocol } from './any-protocol.ts';
import { bodyToAuth, broadAuthLocation, publicAuthLocation } from './auth-location-shape.ts';
import { backendHost } from './backend-host.ts';
import { basicBeside } from './basic-beside.ts';
import { beforeAuth } from './before-auth.ts';
import { believedAddress } from './believed-address.ts';
import { besideProtection } from './beside-protection.ts';
import { uploadLimit } from './body-limit.ts';
import { cachedAnswer } from './cached-answer.ts';
import { characterPrefix } from './character-prefix.ts';
import { claimedHost } from './claimed-host.ts';
import { denialAsSuccess } from './denial-as-success.ts';
import { divertedQuestion } from './diverted-question.ts';
import { droppedQuery } from './dropped-query.ts';
import { httpVersion } from './http-version.ts';
import { identityHeaders } from './identity-headers.ts';
import { idleGate } from './idle-gate.ts';
import { knownHoles } from './known-holes.ts';
import { loggedToken } from './logged-token.ts';
import { lostIdentity } from './lost-identity.ts';
import { lostInheritance } from './lost-inheritance.ts';
import { lostName } from './lost-name.ts';
import { mergeSlashes } from './merge-slashes.ts';
import { oddHeaderNames } from './odd-header-names.ts';
import { openPlace } from './open-place.ts';
import { openSocket } from './open-socket.ts';
import { otherGate } from './other-gate.ts';
import { questionErrorPage } from './question-error-page.ts';
import { redirectedDenial } from './redirected-denial.ts';
import { redirectedSocket } from './redirected-socket.ts';
import { refusedByNginx } from './refused-by-nginx.ts';
import { rewrittenPlace } from './rewritten-place.ts';
import { satisfyAny } from './satisfy-any.ts';
import { secondQuestion } from './second-question.ts';
import { shortTimeout } from './short-timeout.ts';
import { hangingAuth, noKeepalive } from './slow-question.ts';
import { strayHost } from './stray-host.ts';
import { subrequests } from './subrequests.ts';
import { tinyauthHeaders } from './tinyauth-headers.ts';
import { toldToken } from './told-token.ts';
import { unread } from './unread.ts';
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
  shortTimeout,
  oddHeaderNames,
  loggedToken,
  claimedHost,
  cachedAnswer,
  tinyauthHeaders,
  lostInheritance,
  knownHoles,
  hangingAuth,
  noKeepalive,
  unread,
  divertedQuestion,
  questionErrorPage,
  secondQuestion,
  otherGate,
  openPlace,
  idleGate,
  characterPrefix,
  mergeSlashes,
  subrequests,
  rewrittenPlace,
  lostName,
  strayHost,
  toldToken,
  believedAddress,
  backendHost,
  droppedQuery,
  redirectedSocket,
  refusedByNginx,
  lostIdentity,
  uploadLimit,
];
