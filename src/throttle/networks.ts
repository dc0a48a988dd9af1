import { memoize } from '../lib/memo.ts';
import { networkOf, type PrefixLengths } from '../lib/network-of.ts';

/** The networks that an address counts for. */
export interface Networks {
  /** The client's own network. */
  readonly clientPrefix: string;
  /** The wider network around it; undefined where the client's own is as wide. */
  readonly widerPrefix: string | undefined;
}

const widerPrefixLengths: PrefixLengths = { ipv4: 24, ipv6: 48 };

/** Finds the networks of an address; `unnamed` is the network of what is no address. */
export type FindNetworks = (address: string | undefined, unnamed: string) => Networks;

/** Builds it, memoized: throttled clients come again. */
export function createNetworkFinder(lengths: PrefixLengths): FindNetworks {
  const find = memoize((address): Networks | undefined => {
    const clientPrefix = networkOf(address, lengths);
    if (clientPrefix === undefined) return undefined;
    const wider = networkOf(address, widerPrefixLengths);
    const isWider = Number(wider?.split('/')[1]) < Number(clientPrefix.split('/')[1]);
    return { clientPrefix, widerPrefix: isWider ? wider : undefined };
  });
  return (address, unnamed) =>
    (address === undefined ? undefined : find(address)) ?? {
      clientPrefix: unnamed,
      widerPrefix: undefined,
    };
}

/** The networks that a text means: a network in any notation, or those of an address. */
export function networksMatching(text: string, networksOf: FindNetworks): readonly string[] {
  const [address = '', prefix] = text.split('/');
  if (prefix !== undefined) {
    const length = Number(prefix);
    return [networkOf(address, { ipv4: length, ipv6: length }) ?? text];
  }
  const { clientPrefix, widerPrefix } = networksOf(address, text);
  return widerPrefix === undefined ? [clientPrefix] : [clientPrefix, widerPrefix];
}
