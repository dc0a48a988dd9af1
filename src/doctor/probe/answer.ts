/** An HTTP/1.1 answer: its head, and the beginning of its body. */
export interface Answer {
  readonly status: number;
  /** The words behind the status, which are the server's own. */
  readonly reason: string;
  /** Names in lower case, in the order of the answer. */
  readonly headers: readonly (readonly [name: string, value: string])[];
  /** The first 16 KiB, decoded as UTF-8. */
  readonly body: string;
}

/** Why there is no answer that could be read. */
export type ReadFailure =
  | 'no-answer'
  | 'closed-without-answer'
  | 'answer-not-http'
  | 'answer-too-large';

/** How a request ended. */
export type Outcome =
  | { readonly kind: 'answer'; readonly answer: Answer }
  | { readonly kind: 'failed'; readonly code: ReadFailure; readonly detail: string };

/** All values of a header, joined by commas (RFC 9110, section 5.3); undefined when absent. */
export function headerOf({ headers }: Answer, name: string): string | undefined {
  const values = headers.filter(([own]) => own === name).map(([, value]) => value);
  return values.length === 0 ? undefined : values.join(', ');
}
