import { networkOf } from './network-of';

describe('the network of an address', () => {
  it.each([
    ['203.0.113.77', '203.0.113.0/24'],
    ['::ffff:203.0.113.77', '203.0.113.0/24'],
    ['127.0.0.1', '127.0.0.0/24'],
    ['2001:0db8:0007:1::42', '2001:db8:7::/48'],
    ['2001:db8:7:1:2:3:4:5', '2001:db8:7::/48'],
    ['2001:db8::1', '2001:db8:0::/48'],
    ['fe80::1%eth0', 'fe80:0:0::/48'],
    ['::1', '0:0:0::/48'],
  ])('of %s is %s', (address, network) => expect(networkOf(address)).toBe(network));

  it.each([undefined, '', 'localhost', '203.0.113', '/run/socket'])('of %p is unknown', (address) => {
    expect(networkOf(address)).toBeUndefined();
  });
});
