import { isIPv4, isIPv6 } from 'node:net';

const IPV4_MAPPED = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i;
/** The part of an IPv6 address that names a site: three groups of 16 bits. */
const SITE_GROUPS = 3;

/**
 * The network that an address belongs to: enough to tell where requests come from, too little to name a person. The /24 of
 * an IPv4 address, the /48 of an IPv6 address; undefined for anything else.
 */
export function networkOf(address: string | undefined): string | undefined {
  const [bare = ''] = (address ?? '').split('%'); // Behind it: the interface of a link-local address.
  const v4 = IPV4_MAPPED.exec(bare)?.[1] ?? bare;
  if (isIPv4(v4)) return `${v4.slice(0, v4.lastIndexOf('.'))}.0/24`;
  return isIPv6(bare) ? `${siteOf(bare)}::/48` : undefined;
}

function siteOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const missing = tail === undefined ? 0 : 8 - groups.length - (tail === '' ? 0 : tail.split(':').length);
  const all = [...groups, ...Array<string>(missing).fill('0'), ...(tail ? tail.split(':') : [])];
  return all
    .slice(0, SITE_GROUPS)
    .map((group) => parseInt(group, 16).toString(16))
    .join(':');
}
