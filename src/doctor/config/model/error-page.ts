import type { Directive } from '../../../proxies/nginx/syntax/index.ts';

/** One `error_page` line. */
export interface ErrorPage {
  readonly directive: Directive;
  readonly codes: readonly number[];
  /** `kept`: the client sees the error's own status; `target`: that of the page (`=`); or a number. */
  readonly status: 'kept' | 'target' | number;
  readonly uri: string;
}

/** Reads an `error_page` line as nginx does: the last argument is the page, whatever it looks like. */
export function readErrorPage(directive: Directive): ErrorPage {
  const uri = directive.args.at(-1) ?? '';
  const rest = directive.args.slice(0, -1);
  const marked = rest.at(-1)?.startsWith('=') ? rest.at(-1)?.slice(1) : undefined;
  const codes = (marked === undefined ? rest : rest.slice(0, -1)).map(Number);
  const status = marked === undefined ? 'kept' : marked === '' ? 'target' : Number(marked);
  return { directive, codes, status, uri };
}

/** The page for a status: of several lines that name it, the first counts. */
export function errorPageFor(
  directives: readonly Directive[],
  status: number,
): ErrorPage | undefined {
  return directives.map(readErrorPage).find(({ codes }) => codes.includes(status));
}

/** True for a status with a Location. */
export function isRedirect(status: number): boolean {
  return [301, 302, 303, 307, 308].includes(status);
}
