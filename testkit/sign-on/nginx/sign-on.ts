import type { IncomingHttpHeaders } from 'node:http';
import type { SignOnReply } from '../answering-server.ts';

/** Who a session cookie belongs to; undefined for a cookie that is none, or no good. */
export type SessionOwner = 'alice' | 'mallory' | undefined;

/**
 * A sign-on service and one of the ways in which people put it behind nginx, after its documents or
 * the files of SWAG, written anew. In the texts PORT is where the stand-in listens, and
 * `/config/nginx` a directory with proxy.conf, resolver.conf and tinyauth-proxy.conf in it.
 */
export interface SignOn {
  readonly name: string;
  /** SWAG's proxy.conf and resolver around it, or lines as in everybody's tutorial. */
  readonly surroundings: 'swag' | 'plain';
  /** Lines of the server block, and of the protected location. */
  readonly server: string;
  readonly location: string;
  readonly sessionCookie: string;
  /** What somebody without a session gets for a page, and for a handshake too without the fix. */
  readonly login: { readonly status: 302 | 403; readonly location?: string };
  /** What it gives Mallory, who has a session and no permission; left out where it knows no such. */
  readonly refusal?: number;
  /** Answers a request for `path` as the service does, and 400 to what it would not understand. */
  answer(path: string, headers: IncomingHttpHeaders, owner: SessionOwner): SignOnReply;
}

/** The page that the tests ask for, and how it stands in a query. */
export const page = 'https://grist.example.com/doc?a=1&b=2';
export const escapedPage = encodeURIComponent(page);

/** What a service says that has not been asked as its documents want. */
export function misunderstood(why: string): SignOnReply {
  return { status: 400, body: why };
}
