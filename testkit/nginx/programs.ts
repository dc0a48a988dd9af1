import { needProgram } from '../../scripts/programs.ts';
import { findNginxOfPython, needPython } from '../../scripts/python.ts';

/** An nginx that the tests know. */
export interface NginxProgram {
  /** Where it comes from, or its version: for the names of tests. */
  readonly name: string;
  readonly program: string;
}

/**
 * The oldest nginx that Postern is for, Debian's, and the current mainline. What only Debian's has,
 * such as modules in packages of their own, is tested over that one alone.
 */
export const nginxPrograms: readonly [NginxProgram, NginxProgram] = [
  { name: 'Debian’s', program: needProgram('nginx') },
  { name: '1.31.3', program: findNginxOfPython(needPython()) },
];
