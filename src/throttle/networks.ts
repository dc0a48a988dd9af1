import { memoize } from '../lib/memo.ts';
import { networkOf, type PrefixLengths } from '../lib/network-of.ts';

/** A client's own network and the one around it, where that is another. */
export interface Networks {
  readonly clientPrefix: string;
  readonly widerPrefix: string | undefined;
}

/** Prefixes of the networks around a client's own. */
const wide: PrefixLengths = { ipv4: 24, ipv6: 48 };

/** Finds the networks of an address; `unnamed` stands for the network of what is none. */
export type NetworksOf = (address: string | undefined, unnamed: string) => Networks;

/** Builds it. It remembers some, since whoever is throttled comes again and again. */
export function createNetworkFinder(lengths: PrefixLengths): NetworksOf {
  const find = memoize((address): Networks | undefined => {
    const own = networkOf(address, lengths);
    if (own === undefined) return undefined;
    const around = networkOf(address, wide);
    // Of the same length, or shorter than that already: there is nothing around it.
    const isWider = Number(around?.split('/')[1]) < Number(own.split('/')[1]);
    return { clientPrefix: own, widerPrefix: isWider ? around : undefined };
  });
  return (address, unnamed) =>
    (address === undefined ? undefined : find(address)) ?? {
      clientPrefix: unnamed,
      widerPrefix: undefined,
    };
}

/** The networks that somebody means who writes a network, in whatever form, or an address in it. */
export function networksMatching(text: string, networksOf: NetworksOf): readonly string[] {
  const [address = '', prefix] = text.split('/');
  if (prefix !== undefined) {
    const length = Number(prefix);
    return [networkOf(address, { ipv4: length, ipv6: length }) ?? text];
  }
  const { clientPrefix: own, widerPrefix: around } = networksOf(address, text);
  return around === undefined ? [own] : [own, around];
}
