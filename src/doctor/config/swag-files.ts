import type { Source } from '../../proxies/nginx/syntax/index.ts';

interface KnownFile {
  /** The end of the name, as SWAG ships it. */
  readonly name: RegExp;
  /** What the text has, which tells generations apart. */
  readonly has: RegExp;
  readonly what: string;
}

const withoutComments = (text: string) => text.replace(/^\s*#.*$/gm, '');

/** Files that LinuxServer's SWAG ships, newest generation first. */
const knownFiles: readonly KnownFile[] = [
  {
    name: /tinyauth-location\.conf$/,
    has: /\$upstream_http_x_tinyauth_location/i,
    what: "SWAG's TinyAuth location file, of July 2026 or later: the login address comes from X-Tinyauth-Location",
  },
  {
    name: /tinyauth-location\.conf$/,
    has: /@tinyauth_login/,
    what: "SWAG's TinyAuth location file, before July 2026: the login address is made in tinyauth-server.conf",
  },
  {
    name: /tinyauth-server\.conf$/,
    has: /@tinyauth_login/,
    what: "SWAG's TinyAuth server file, before July 2026: with a login location",
  },
  {
    name: /tinyauth-server\.conf$/,
    has: /location\s+(=\s*)?\/tinyauth\b/,
    what: "SWAG's TinyAuth server file, of July 2026 or later: without a login location",
  },
  {
    name: /tinyauth-proxy\.conf$/,
    has: /X-Original-URL/i,
    what: "SWAG's proxy file for TinyAuth 5.2 and later: X-Original-URL without X-Forwarded-Host and -Uri",
  },
  {
    name: /authelia-(server|location)\.conf$/,
    has: /\/authelia\/api\/authz\/auth-request/,
    what: "SWAG's Authelia file, of 2025 or later (/api/authz/auth-request)",
  },
  {
    name: /authelia-(server|location)\.conf$/,
    has: /\/authelia\/api\/verify/,
    what: "SWAG's Authelia file, before 2025 (/api/verify)",
  },
  {
    name: /authentik-(server|location)\.conf$/,
    has: /authentik\/\?rd=/,
    what: "SWAG's authentik file, before 2025: the login is made from a host name in the file",
  },
  {
    name: /authentik-(server|location)\.conf$/,
    has: /outpost\.goauthentik\.io/,
    what: "SWAG's authentik file",
  },
  {
    name: /(?:^|\/)proxy\.conf$/,
    has: /^(?=[\s\S]*X-Forwarded-Ssl on)(?=[\s\S]*X-Forwarded-Server)(?=[\s\S]*Upgrade \$http_upgrade)/,
    what: "SWAG's proxy.conf",
  },
];

/** What a file is, by its name and by what stands in it; undefined for all others. */
export function recogniseFile({ name, text }: Source): string | undefined {
  const code = withoutComments(text);
  const base = name.replace(/\.sample$/, '');
  return knownFiles.find((one) => one.name.test(base) && one.has.test(code))?.what;
}
