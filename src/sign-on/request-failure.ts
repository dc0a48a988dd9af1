/** The fields of a client error that are used. Not its message: it may quote the response. */
interface ClientError {
  readonly name?: string;
  readonly code?: string;
  readonly cause?: unknown;
}

const timedOut = 'it did not answer in time';
const closedEarly = 'it closed the connection before the answer was complete';

/** Log messages by error code. */
const messages: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there (connection refused)',
  ENOTFOUND: 'DNS does not know the host of its url',
  EAI_AGAIN: 'DNS does not answer for the host of its url',
  EHOSTUNREACH: 'its host is unreachable',
  ENETUNREACH: 'its network is unreachable',
  ETIMEDOUT: timedOut,
  UND_ERR_CONNECT_TIMEOUT: timedOut,
  UND_ERR_HEADERS_TIMEOUT: timedOut,
  UND_ERR_BODY_TIMEOUT: timedOut,
  UND_ERR_SOCKET: closedEarly,
  ECONNRESET: closedEarly,
  EPIPE: closedEarly,
  UND_ERR_HEADERS_OVERFLOW: 'its answer has too many headers',
  UND_ERR_RES_EXCEEDED_MAX_SIZE: 'its answer is too long',
  UND_ERR_DESTROYED: 'Postern is stopping',
};

/**
 * A request to the service failed. The message is safe to log: it holds nothing of request or
 * response.
 */
export class RequestFailed extends Error {
  override readonly name = 'AskFailed';
  /**
   * `unreachable`: no connection could be made, which is no client's fault; `late`: connected, but
   * no response in time.
   */
  readonly kind: 'unreachable' | 'late' | 'unusable';

  constructor(error: unknown, isConnected: boolean) {
    const why = explainFailure(error);
    super(why);
    this.kind = !isConnected ? 'unreachable' : why === timedOut ? 'late' : 'unusable';
  }
}

/** The log message for an error. */
function explainFailure(error: unknown): string {
  const { name = '', code = '', cause }: ClientError = Object(error);
  if (name === 'TimeoutError') return timedOut;
  if (Object.hasOwn(messages, code)) return messages[code] ?? code;
  if (code.startsWith('HPE_') || name === 'HTTPParserError') return 'its answer is not HTTP';
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return 'its certificate is for another host';
  if (/CERT|LEAF_SIGNATURE/.test(code)) return `its certificate is not trusted (${code})`;
  if (/SSL|TLS/.test(code)) return `TLS with it fails (${code})`;
  return cause === undefined ? `the request to it failed (${code || name})` : explainFailure(cause);
}

/** True when a kept connection turned out to be closed, so that a retry makes sense. */
export function isStaleConnection(error: unknown): boolean {
  const { code = '' }: ClientError = Object(error);
  return ['UND_ERR_SOCKET', 'UND_ERR_DESTROYED', 'ECONNRESET', 'EPIPE'].includes(code);
}

/** True when a connection was closed because data came in without a request. */
export function isUnsolicitedAnswer(error: Error): boolean {
  const { code }: ClientError = error;
  return code === 'UND_ERR_SOCKET' && error.message === 'bad response';
}

/** The error for a response that may belong to another request. */
export function desynchronized(): Error {
  return Object.assign(new Error('an answer that may belong to another request'), {
    code: 'UND_ERR_SOCKET',
  });
}

/** The error for a request during shutdown. */
export function shuttingDown(): Error {
  return Object.assign(new Error('stopping'), { code: 'UND_ERR_DESTROYED' });
}
