import type { AnswerHeaders } from '../core/model/sign-on-settings.ts';
import type { Facts } from './facts.ts';

/** How one kind of sign-on service is asked, and what its answers mean. */
export interface SignOn {
  /** Where it answers nginx's auth_request. */
  readonly path: string;
  /** Names of its session cookies, a `*` at the end for any ending. */
  readonly cookies: readonly string[];
  /** Everything it is told beside cookies and `Authorization`, empty where there is nothing to tell. */
  renderHeaders(facts: Facts): Readonly<Record<string, string>>;
  readonly answerHeaders: AnswerHeaders;
  /**
   * Whether it lets some through without saying who they are, by its documentation for single
   * places. Where it does so for another reason, its answer cannot be used.
   */
  readonly nameless: 'anonymous' | 'unusable';
  /** Header of a denial that says where to log in, lower case. */
  readonly loginHeader: string | undefined;
  /** Where people log in when neither the configuration nor its answer says so. */
  readonly login: string | undefined;
  /** What it takes for the way back when its login is on the client's host. */
  readonly returnTo: 'url' | 'uri';
  /** What to do about answers that mean a wrong setting: by status, or for one that names nobody. */
  readonly hints: Readonly<Record<number | 'nameless', string | undefined>>;
}

/** The headers that TinyAuth and Authelia name people in. */
export const remoteHeaders: AnswerHeaders = {
  subject: 'remote-user',
  email: 'remote-email',
  name: 'remote-name',
  groups: 'remote-groups',
  groupsSeparator: ',',
};
