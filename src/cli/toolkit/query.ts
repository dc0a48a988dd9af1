/** Those of the options that are given, as a query of the admin API, which has the same names. */
export function queryOf<Name extends string>(
  options: { readonly [Key in Name]?: string | number | undefined },
  names: readonly Name[],
): URLSearchParams {
  const query = new URLSearchParams();
  for (const name of names) {
    const value = options[name];
    if (value !== undefined) query.set(name, String(value));
  }
  return query;
}
