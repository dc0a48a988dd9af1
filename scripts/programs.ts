/**
 * The programs that scripts and tests run beside Node.js: where each one is found, and the Debian
 * package that brings it.
 */
import { spawnSync } from 'node:child_process';

interface Program {
  /** Debian package. */
  readonly package: string;
  /** Places to look in, the first that passes the probe counts. A bare name is looked up in PATH. */
  readonly candidates: readonly string[];
  /** Arguments with which it ends at once. */
  readonly probe: readonly string[];
  /** Exit code of the probe when the program is usable; 0 when left out. */
  readonly exitCode?: number;
  /** What else to tell somebody who has to install it by hand. */
  readonly hint?: string;
}

/** Modules of nginx that Debian has in packages of their own: their files, in the order of loading. */
const moduleFiles = {
  'set-misc': [
    '/usr/lib/nginx/modules/ndk_http_module.so',
    '/usr/lib/nginx/modules/ngx_http_set_misc_module.so',
  ],
} as const;

/** Lines of nginx's main context that load a module. */
export function loadModule(name: keyof typeof moduleFiles): string {
  return moduleFiles[name].map((file) => `load_module ${file};`).join('\n');
}

const programs = {
  // Debian keeps nginx in /usr/sbin, which is not in every user's PATH.
  nginx: { package: 'nginx', candidates: ['nginx', '/usr/sbin/nginx'], probe: ['-v'] },
  // set_escape_uri, which SWAG's nginx has. A module is no program: it is enough that its file exists.
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
  // Debian's own, since that is the one its packages belong to; PATH may name another one first.
  python3: {
    package: 'python3-websockets',
    candidates: ['/usr/bin/python3'],
    probe: ['-c', 'import websockets'],
  },
  // The same one, when it is to make virtual environments (see python.ts).
  pip: {
    package: 'python3-pip',
    candidates: ['/usr/bin/python3'],
    probe: ['-c', 'import pip, venv'],
  },
  // The same for Perl: a real sign-on service, started from a script of ours.
  lemonldap: {
    package: 'liblemonldap-ng-handler-perl',
    candidates: ['/usr/bin/perl'],
    probe: ['-MLemonldap::NG::Handler::Server::Nginx', '-e', '1'],
  },
  // It judges units without a systemd that runs.
  'systemd-analyze': {
    package: 'systemd',
    candidates: ['systemd-analyze'],
    probe: ['--version'],
  },
  // It opens sockets and passes them on, without a systemd that runs.
  'systemd-socket-activate': {
    package: 'systemd',
    candidates: ['systemd-socket-activate'],
    probe: ['--version'],
  },
} as const satisfies Record<string, Program>;

/** A program that can be asked for. */
export type ProgramName = keyof typeof programs;

/** True for the name of a program that is known here. */
export function isProgramName(name: string): name is ProgramName {
  return Object.hasOwn(programs, name);
}

/** What to install for a program, and what else to know about that. */
export function packageOf(name: ProgramName): Pick<Program, 'package' | 'hint'> {
  return programs[name];
}

/** How to call the program on this machine; undefined when it is not there, or not usable. */
export function findProgram(name: ProgramName): string | undefined {
  const { candidates, probe, exitCode = 0 }: Program = programs[name];
  return candidates.find((candidate) => spawnSync(candidate, probe).status === exitCode);
}

/** How to call a program that cannot be done without. Throws when it is not there. */
export function needProgram(name: ProgramName): string {
  const found = findProgram(name);
  if (found === undefined) {
    throw new Error(`${name} is missing; run: node scripts/require-programs.ts ${name}`);
  }
  return found;
}
