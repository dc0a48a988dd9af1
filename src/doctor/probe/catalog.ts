import { answerFindings } from './catalog/answer.ts';
import { applicationFindings } from './catalog/application.ts';
import { connectionFindings } from './catalog/connection.ts';
import { credentialFindings } from './catalog/credentials.ts';
import { handshakeFindings } from './catalog/handshake.ts';
import { refusalFindings } from './catalog/refusal.ts';
import { socketFindings } from './catalog/socket.ts';

/**
 * Every kind of finding of `postern doctor probe`. The codes are API: scripts read them in `--json`,
 * the documentation lists them, and they are never renamed.
 */
export const catalog = {
  ...connectionFindings,
  ...answerFindings,
  ...handshakeFindings,
  ...refusalFindings,
  ...credentialFindings,
  ...applicationFindings,
  ...socketFindings,
} as const;

/** The stable code of a kind of finding. */
export type FindingCode = keyof typeof catalog;
