import type { Answer, Outcome } from './answer.ts';
import type { DialOptions, DialResult, Lookup } from './dial.ts';
import type { Finding } from './finding.ts';
import type { ProbeRequest } from './request.ts';
import type { ProbeSettings } from './settings.ts';

/** A handshake that was tried. */
export interface Attempt {
  /** What was presented: `no credential`, `query`, … */
  readonly about: string;
  readonly request: ProbeRequest;
  readonly outcome: Outcome;
  /** What is wrong with a 101, if it is one and a client would not take it. */
  readonly bad?: string;
}

/** What the checks work with, and what they learn from each other. */
export interface Probe extends Omit<ProbeSettings, 'lookup' | 'onProgress'> {
  readonly lookup: Lookup;
  readonly dialOptions: DialOptions;
  /** The address that answers; the first check sets it. */
  address: string;
  /** A handshake that opened the socket and can be repeated; the check that finds one sets it. */
  admitted: ProbeRequest | undefined;
  /** What a page load without a credential got; the check of the page sets it. */
  page: Answer | undefined;
  /** Handshakes so far. */
  readonly attempts: readonly Attempt[];
  /** Makes what a server sent fit to be shown: masked, on one line, not too long. */
  sanitize(text: string): string;
  /** A connection that is ready for a request, for who sends it otherwise. */
  open(): Promise<DialResult>;
  /** Sends a request as it is. */
  send(request: ProbeRequest): Promise<Outcome>;
  /** Sends a complete handshake with these headers more, and offers the subprotocols of the settings. */
  upgrade(about: string, request: ProbeRequest): Promise<Attempt>;
}

/** One thing that is looked at. */
export interface Check {
  /** For the line that shows progress. */
  readonly about: string;
  run(probe: Probe): Promise<readonly Finding[]>;
}

/** True when the handshake opened a socket that a client would take. */
export function isOpen({ outcome, bad }: Attempt): boolean {
  return outcome.kind === 'answer' && outcome.answer.status === 101 && bad === undefined;
}

/** How an attempt ended, in two words. */
export function renderStatus({ outcome, bad }: Attempt): string {
  if (outcome.kind === 'failed') return 'no answer';
  return bad === undefined ? `HTTP ${outcome.answer.status}` : `HTTP 101, but ${bad}`;
}

/** True when a handshake without any credential opens the socket: then credentials prove nothing. */
export function isOpenToAll({ attempts }: Probe): boolean {
  return attempts.some((attempt) => attempt.about === 'no credential' && isOpen(attempt));
}
