import { maxCredentialLength } from '../core/model/credential.ts';
import { type Deny, deny } from '../core/model/verdict.ts';

const printable = /^[\x21-\x7e]+$/;

/** nginx takes header lines of 8 KiB by default, so a long token needs its setting as well. */
const tooLong = `too long: a token has at most ${maxCredentialLength} characters; above 8,000 nginx needs large_client_header_buffers 4 32k`;

/**
 * The credential, or a denial for a text that no kind of token could be. All are printable ASCII without
 * spaces. Undefined stands for a broken encoding.
 */
export function readTokenText(text: string | undefined): { readonly value: string } | Deny {
  if (text === undefined) return deny('malformed_credential');
  if (text.length > maxCredentialLength) return deny('malformed_credential', tooLong);
  return printable.test(text) ? { value: text } : deny('malformed_credential');
}
