import type { AnswerHeaders } from '../core/model/sign-on-settings.ts';
import type { ForwardedRequest } from './forwarded-request.ts';

/** Profile of a kind of sign-on service: how to ask it and how to read its responses. */
export interface ServiceProfile {
  /** Path of its nginx auth_request endpoint. */
  readonly path: string;
  /** Names of its session cookies; `*` at the end matches any suffix. */
  readonly cookies: readonly string[];
  /**
   * The request headers, except cookies and `Authorization`. A value is empty when it is unknown.
   */
  renderHeaders(facts: ForwardedRequest): Readonly<Record<string, string>>;
  readonly answerHeaders: AnswerHeaders;
  /**
   * What a 2xx without a subject means. `anonymous`: the service documents that it lets some paths
   * or addresses through without a login. `unusable`: a fault in its setup.
   */
  readonly noSubject: 'anonymous' | 'unusable';
  /** Whether it accepts `Authorization: Bearer` with a token of its own, or can be configured to. */
  readonly acceptsBearer: boolean;
  /** Response header of a denial that holds the login URL, lower case. */
  readonly loginHeader: string | undefined;
  /** The same, even where a configured login replaces it: a 403 names another page there. */
  readonly responseLoginHeader: string | undefined;
  /** Default login URL, used when neither the configuration nor the response has one. */
  readonly login: string | undefined;
  /** What its login takes as the return address when it is on the client's host. */
  readonly returnTo: 'url' | 'uri';
  /**
   * Hints for responses that show a wrong setting: by status, or for a response without a subject.
   */
  readonly hints: Readonly<Record<number | 'noSubject', string | undefined>>;
}

/** A profile before the configuration changes it. */
export type ServiceDefaults = Omit<ServiceProfile, 'responseLoginHeader'>;

/** Identity headers of TinyAuth and Authelia. */
export const remoteHeaders: AnswerHeaders = {
  subject: 'remote-user',
  email: 'remote-email',
  name: 'remote-name',
  groups: 'remote-groups',
  groupsSeparator: ',',
};
