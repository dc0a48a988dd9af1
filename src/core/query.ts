/** A query without the parameters of these names, however their names are encoded. */
export function withoutParameters(query: string, names: readonly string[]): string {
  return query
    .split('&')
    .filter((pair) => !names.includes(parameterName(pair)))
    .join('&');
}

function parameterName(pair: string): string {
  const equals = pair.indexOf('=');
  const name = equals === -1 ? pair : pair.slice(0, equals);
  try {
    return decodeURIComponent(name);
  } catch {
    return name;
  }
}
