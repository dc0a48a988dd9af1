import type { Comment } from '../../proxies/nginx/syntax/index.ts';

/** A comment that silences a rule on its own line and on the next. */
export interface Allowance {
  readonly code: string;
  readonly reason: string;
  readonly file: string;
  readonly line: number;
}

const form = /^\s*postern-doctor:\s*allow\s+(?<code>\S+)\s*(?<reason>.*?)\s*$/;

/** The allowances among the comments of a configuration. */
export function findAllowances(comments: readonly Comment[]): readonly Allowance[] {
  return comments.flatMap(({ text, file, line }) => {
    const { code, reason } = form.exec(text)?.groups ?? {};
    return code === undefined || reason === undefined ? [] : [{ code, reason, file, line }];
  });
}

/** The allowance that silences a rule at a line. One without a reason silences nothing. */
export function allowanceFor(
  allowances: readonly Allowance[],
  code: string,
  { file, line }: { readonly file: string; readonly line: number },
): Allowance | undefined {
  return allowances.find(
    (one) =>
      one.code === code &&
      one.reason !== '' &&
      one.file === file &&
      (one.line === line || one.line === line - 1),
  );
}
