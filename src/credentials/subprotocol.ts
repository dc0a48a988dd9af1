import type { CredentialSource } from '../core/decision/credential-source.ts';
import { decodeTokenSubprotocol, parseSubprotocolOffer } from '../core/gate/subprotocol.ts';
import { deny } from '../core/model/verdict.ts';
import { readTokenText } from './token-text.ts';

/**
 * A subprotocol `postern.bearer.<token>`, or of another form that the gate knows, among those that the
 * client offers. This is the only header of a handshake that a page can set. More than one token denies.
 */
export const subprotocolSource: CredentialSource = {
  name: 'subprotocol',
  origin: 'none',
  extract({ subprotocols }, gate) {
    if (subprotocols === undefined) return undefined;
    const offer = parseSubprotocolOffer(subprotocols, gate);
    if (offer === undefined || offer.tokens.length > 1) return deny('malformed_credential');
    const [token] = offer.tokens;
    if (token === undefined) return undefined;
    return readTokenText(decodeTokenSubprotocol(token));
  },
};
