/**
 * Programs that scripts and tests run besides Node.js: how to find them, and their Debian packages.
 */
import { spawnSync } from 'node:child_process';

interface Program {
  /** Debian package. */
  readonly package: string;
  /** Paths, in order; the first that passes the probe is used. A bare name is looked up in PATH. */
  readonly candidates: readonly string[];
  /** Arguments with which the program exits at once. */
  readonly probe: readonly string[];
  /** Expected exit code of the probe; default 0. */
  readonly exitCode?: number;
  /** A hint for manual installation. */
  readonly hint?: string;
}

/** nginx modules in separate Debian packages: their files, in load order. */
const moduleFiles = {
  'set-misc': [
    '/usr/lib/nginx/modules/ndk_http_module.so',
    '/usr/lib/nginx/modules/ngx_http_set_misc_module.so',
  ],
} as const;

/** The `load_module` lines of a module, for nginx's main context. */
export function loadModule(name: keyof typeof moduleFiles): string {
  return moduleFiles[name].map((file) => `load_module ${file};`).join('\n');
}

const programs = {
  // Debian installs nginx in /usr/sbin, which is not in every user's PATH.
  nginx: { package: 'nginx', candidates: ['nginx', '/usr/sbin/nginx'], probe: ['-v'] },
  // Provides set_escape_uri, as SWAG's nginx does. A module is no program: the probe checks that
  // its file exists.
  'nginx-set-misc': {
    package: 'libnginx-mod-http-set-misc',
    candidates: ['/usr/bin/test'],
    probe: ['-f', moduleFiles['set-misc'][1]],
  },
  wrk: { package: 'wrk', candidates: ['wrk'], probe: ['-v'], exitCode: 1 },
  curl: { package: 'curl', candidates: ['curl'], probe: ['--version'] },
  patch: { package: 'patch', candidates: ['patch'], probe: ['--version'] },
  openssl: { package: 'openssl', candidates: ['openssl'], probe: ['version'] },
  chromium: {
    package: 'chromium',
    candidates: ['/usr/bin/chromium', '/usr/bin/google-chrome-stable'],
    probe: ['--version'],
    hint: 'Ubuntu has Chromium as a snap only; install google-chrome-stable there.',
  },
  // Debian's Python, since its packages belong to it; PATH may find another one first.
  python3: {
    package: 'python3-websockets',
    candidates: ['/usr/bin/python3'],
    probe: ['-c', 'import websockets'],
  },
  // The same Python, for virtual environments (see python.ts).
  pip: {
    package: 'python3-pip',
    candidates: ['/usr/bin/python3'],
    probe: ['-c', 'import pip, venv'],
  },
  // Debian's Perl with LemonLDAP::NG, a real sign-on service that a test script starts.
  lemonldap: {
    package: 'liblemonldap-ng-handler-perl',
    candidates: ['/usr/bin/perl'],
    probe: ['-MLemonldap::NG::Handler::Server::Nginx', '-e', '1'],
  },
  // Verifies unit files without a running systemd.
  'systemd-analyze': {
    package: 'systemd',
    candidates: ['systemd-analyze'],
    probe: ['--version'],
  },
  // Passes sockets to a process without a running systemd.
  'systemd-socket-activate': {
    package: 'systemd',
    candidates: ['systemd-socket-activate'],
    probe: ['--version'],
  },
} as const satisfies Record<string, Program>;

/** Name of a known program. */
export type ProgramName = keyof typeof programs;

/** True for the name of a known program. */
export function isProgramName(name: string): name is ProgramName {
  return Object.hasOwn(programs, name);
}

/** The Debian package of a program, with its hint. */
export function packageOf(name: ProgramName): Pick<Program, 'package' | 'hint'> {
  return programs[name];
}

/** The path of a program on this machine; undefined when it is missing or unusable. */
export function findProgram(name: ProgramName): string | undefined {
  const { candidates, probe, exitCode = 0 }: Program = programs[name];
  return candidates.find((candidate) => spawnSync(candidate, probe).status === exitCode);
}

/** The path of a required program. Throws when it is missing. */
export function needProgram(name: ProgramName): string {
  const found = findProgram(name);
  if (found === undefined) {
    throw new Error(`${name} is missing; run: node scripts/require-programs.ts ${name}`);
  }
  return found;
}
