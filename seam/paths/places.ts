import type { Backend } from '../../testkit/servers/backends/index.ts';

/** Who asks. */
export const credentials = ['nobody', 'stranger', 'guest', 'admin'] as const;

/** `stranger` has a token and no group, `guest` one that is bound to a room, `admin` one with the group. */
export type Credential = (typeof credentials)[number];

/** Two hosts, one of which has the application below a path. */
export const hosts = { root: 'app.test', folder: 'folder.test' } as const;

/** The gates of the table of attacks, and the same once more for an application below a path. */
export const gates = {
  site: { hosts: [hosts.root], paths: ['/'], public: ['=/', '/status'] },
  admin: { hosts: [hosts.root], paths: ['/admin'], require: { groups: ['admins'] } },
  folder: { hosts: [hosts.folder], paths: ['/'], public: ['=/app/', '/app/status'] },
  'folder-admin': {
    hosts: [hosts.folder],
    paths: ['/app/admin'],
    require: { groups: ['admins'] },
  },
} as const;

/** What the token of each of them is issued with, for an application below the prefix. */
export const tokenBodies: Readonly<
  Record<Exclude<Credential, 'nobody'>, (prefix: string) => Readonly<Record<string, unknown>>>
> = {
  stranger: () => ({ subject: 'stranger' }),
  guest: (prefix) => ({ subject: 'guest', paths: [`${prefix}/rooms/1`] }),
  admin: () => ({ subject: 'adele', claims: { groups: ['admins'] } }),
};

/** A way to write the location of an application. */
export interface Variant {
  readonly host: string;
  /** Path of the application for clients. */
  readonly prefix: '' | '/app';
  /** Paths by which nginx leads to the application as well, some of which targets begin with. */
  readonly aliases?: readonly string[];
  /** Whether locations name their gates, so that hosts and paths do not choose one. */
  readonly named?: true;
  /** The content of the server block. */
  readonly server: (backend: Backend, guard: Guard) => string;
}

/** The includes of a protected location, for the gate of this name, else for the one of the place. */
export type Guard = (gate?: keyof typeof gates) => string;

/** Ways in which nginx passes a path on: as it was sent, or as nginx resolved it. */
export const variants = {
  'as sent': atRoot(({ name }) => `proxy_pass http://${name};`),
  'with a URI': atRoot(({ name }) => `proxy_pass http://${name}/;`),
  // As SWAG's files have it.
  'with variables': atRoot(({ port }) => `set $up http; proxy_pass $up://127.0.0.1:${port};`),
  'slashes unmerged': atRoot(({ name }) => `proxy_pass http://${name};`, 'merge_slashes off;'),
  'rewritten before': {
    ...atRoot(({ name }) => `proxy_pass http://${name};`, 'rewrite ^/v1/(.*)$ /$1 last;'),
    aliases: ['/v1'],
  },
  'gates named': {
    host: hosts.root,
    prefix: '',
    named: true,
    server: ({ name }, guard) => `
    location / { ${guard('site')} proxy_pass http://${name}; }
    location /admin { ${guard('admin')} proxy_pass http://${name}; }`,
  },
  rewritten: {
    host: hosts.folder,
    prefix: '/app',
    server: ({ name }, guard) =>
      `location /app/ { ${guard()} rewrite ^/app/(.*)$ /$1 break; proxy_pass http://${name}; }`,
  },
  'prefix replaced': {
    host: hosts.folder,
    prefix: '/app',
    server: ({ name }, guard) => `location /app/ { ${guard()} proxy_pass http://${name}/; }`,
  },
} as const satisfies Record<string, Variant>;

/** The name of one. */
export type VariantName = keyof typeof variants;

/** Those whose locations name their gates, or those that leave it to host and path. */
export function variantsThat(are: 'named' | 'placed'): VariantName[] {
  const names = Object.keys(variants) as VariantName[];
  const isNamed = (name: VariantName) => (variants[name] as Variant).named === true;
  return names.filter((name) => isNamed(name) === (are === 'named'));
}

function atRoot(pass: (backend: Backend) => string, more = ''): Variant {
  return {
    host: hosts.root,
    prefix: '',
    server: (backend, guard) => `${more} location / { ${guard()} ${pass(backend)} }`,
  };
}
