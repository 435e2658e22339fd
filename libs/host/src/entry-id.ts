const COUNTER_MAX = '9007199254740991';

/** The largest stream id below this one, so that reading behind it includes this one. */
export function idBefore(id: string): string {
  const [ms = '0', n = '0'] = id.split('-');
  if (n !== '0') return `${ms}-${BigInt(n) - 1n}`;
  return ms === '0' ? '0-0' : `${BigInt(ms) - 1n}-${COUNTER_MAX}`;
}
