/** An address as the URL standard writes it, `::ffff:c0a8:107` as `192.168.1.7`; others as they are. */
export function usualAddress(address: string): string {
  const url = `http://[${address.replace(/%.*$/, '')}]`;
  if (!address.includes(':') || !URL.canParse(url)) return address;
  const usual = new URL(url).hostname.slice(1, -1);
  const [, high, low] = /^::ffff:([0-9a-f]+):([0-9a-f]+)$/.exec(usual) ?? [];
  if (high === undefined || low === undefined) return usual;
  const bytes = Buffer.from(high.padStart(4, '0') + low.padStart(4, '0'), 'hex');
  return bytes.join('.');
}
