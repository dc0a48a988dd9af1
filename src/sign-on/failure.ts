/** What is known of an error of the client. Its message is not: it may quote the answer. */
interface Failure {
  readonly name?: string;
  readonly code?: string;
  readonly cause?: unknown;
}

const inTime = 'it did not answer in time';
const cutShort = 'it closed the connection before the answer was complete';

/** Failures by code, in words. */
const words: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'DNS does not know the host of its url',
  EAI_AGAIN: 'DNS does not answer for the host of its url',
  EHOSTUNREACH: 'its host is unreachable',
  ENETUNREACH: 'its network is unreachable',
  ETIMEDOUT: inTime,
  UND_ERR_CONNECT_TIMEOUT: inTime,
  UND_ERR_HEADERS_TIMEOUT: inTime,
  UND_ERR_BODY_TIMEOUT: inTime,
  UND_ERR_SOCKET: cutShort,
  ECONNRESET: cutShort,
  EPIPE: cutShort,
  UND_ERR_HEADERS_OVERFLOW: 'its answer has too many headers',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'its answer is too long',
  UND_ERR_DESTROYED: 'Postern is stopping',
};

/** A question that was not answered. The message may be logged: it holds nothing of question or answer. */
export class AskFailed extends Error {
  override readonly name = 'AskFailed';
  /**
   * `unreachable`: there was no connection to the service, which is nobody's fault who asks; `late`: it
   * was reached and did not answer in time.
   */
  readonly kind: 'unreachable' | 'late' | 'unusable';

  constructor(error: unknown, isConnected: boolean) {
    const why = explainFailure(error);
    super(why);
    this.kind = !isConnected ? 'unreachable' : why === inTime ? 'late' : 'unusable';
  }
}

/** What went wrong, in words for the log. */
function explainFailure(error: unknown): string {
  const { name = '', code = '', cause }: Failure = Object(error);
  if (name === 'TimeoutError') return inTime;
  if (Object.hasOwn(words, code)) return words[code] ?? code;
  if (code.startsWith('HPE_') || name === 'HTTPParserError') return 'its answer is not HTTP';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another host';
  if (/CERT|LEAF_SIGNATURE/.test(code)) return `its certificate is not trusted (${code})`;
  if (/SSL|TLS/.test(code)) return `TLS with it fails (${code})`;
  return cause === undefined ? `the request to it failed (${code || name})` : explainFailure(cause);
}

/** True when a kept connection turned out to be closed, so that asking again makes sense. */
export function isStaleConnection(error: unknown): boolean {
  const { code = '' }: Failure = Object(error);
  return ['UND_ERR_SOCKET', 'UND_ERR_DESTROYED', 'ECONNRESET', 'EPIPE'].includes(code);
}

/** True when a connection ended since something came in while no question was under way on it. */
export function isUnaskedAnswer(error: Error): boolean {
  const { code }: Failure = error;
  return code === 'UND_ERR_SOCKET' && error.message === 'bad response';
}

/** For an answer that may be another question's. */
export function confused(): Error {
  return Object.assign(new Error('an answer that may belong to another request'), {
    code: 'UND_ERR_SOCKET',
  });
}

/** For a question that comes when no more are asked. */
export function stopping(): Error {
  return Object.assign(new Error('stopping'), { code: 'UND_ERR_DESTROYED' });
}
