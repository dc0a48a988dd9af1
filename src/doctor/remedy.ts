/**
 * The remedy for a handshake that is redirected to a login: one file and one line. README,
 * docs/why-302.md and both doctors recommend it.
 */
export const remedy = {
  /** The name of the file. */
  file: 'no-login-redirect.conf',
  /** Where Postern ships it. */
  shipped: 'nginx/fixes/no-login-redirect.conf',
  /** Where the line goes. */
  place:
    'in the protected location, directly below the line that includes the sign-on or has the auth_request. (Below a "rewrite … break;" it would do nothing.)',
  about:
    'The file is nginx/fixes/no-login-redirect.conf of Postern, which need not run; docs/why-302.md explains it.',
} as const;

/** The line that includes the file from the directory that it was copied to. */
export function includeRemedy(directory: string): string {
  return `include ${directory}/${remedy.file};`;
}
