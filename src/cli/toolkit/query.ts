/** The given options as a query string of the admin API, under the same names. */
export function toQuery<Name extends string>(
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
