import { type Answer, headerOf } from './answer.ts';
import { type Finding, finding } from './finding.ts';
import { renderRemedy } from './remedy.ts';
import { recogniseSignOn } from './sign-on.ts';
import { findSpeaker } from './speaker.ts';
import { hideValues, ownOrigin, type Target } from './target.ts';

/** What a redirect of a handshake is: to TLS, to the same place elsewhere, or to a login. */
export function classifyRedirect(answer: Answer, target: Target, evidence: string): Finding {
  const location = headerOf(answer, 'location') ?? '';
  const speaker = findSpeaker(answer);
  const by = speaker === undefined ? {} : { speaker };
  const kind = classify(location, target);
  if (kind === 'https') return finding('upgrade-to-https', evidence);
  const signOn = recogniseSignOn(answer);
  if (kind === 'moved' && (signOn === undefined || signOn.fixPlace === undefined)) {
    const address = hideValues(new URL(location, ownOrigin(target)).href).replace(/^http/, 'ws');
    return finding('upgrade-moved', `${evidence}; for a client that is ${address}`);
  }
  if (signOn === undefined) return finding('upgrade-redirected', evidence, by);
  const seen = `${evidence}, looks like ${signOn.title}`;
  if (signOn.own) {
    return finding('upgrade-redirected', seen, {
      meaning:
        'Postern’s nginx files redirect no request that has an Upgrade header, so this one lost it before it reached them: a proxy or CDN in front does not pass on WebSocket handshakes.',
      change:
        'Turn WebSocket on in the proxy in front of nginx, or pass on Upgrade and Connection there with HTTP/1.1.',
    });
  }
  if (signOn.fixPlace === undefined) return finding('upgrade-redirected', seen, by);
  return finding('upgrade-redirected', seen, { ...by, change: renderRemedy(signOn.fixPlace) });
}

/** True when a redirect goes to a login, and not to the same place under another address. */
export function isLoginRedirect(answer: Answer, target: Target): boolean {
  return classify(headerOf(answer, 'location') ?? '', target) === 'login';
}

function classify(location: string, target: Target): 'https' | 'moved' | 'login' {
  const here = new URL(target.path, ownOrigin(target));
  if (location === '' || !URL.canParse(location, here.href)) return 'login';
  const there = new URL(location, here);
  const isSamePath = there.pathname === here.pathname;
  if (isSamePath && there.hostname === here.hostname && there.protocol !== here.protocol) {
    return there.protocol === 'https:' ? 'https' : 'moved';
  }
  const isSlash = there.host === here.host && there.pathname === `${here.pathname}/`;
  const isOtherHost = isSamePath && here.pathname !== '/' && there.host !== here.host;
  return isSlash || isOtherHost ? 'moved' : 'login';
}
