import { mintToken, newTokenSecret } from '@torch/platform';
import { TokenCheck } from './token-check.adapter';

const secret = new Uint8Array(Buffer.from(newTokenSecret(), 'base64url'));

describe('a token', () => {
  it('says who its bearer is', async () => {
    const token = await mintToken(secret, { actor: 'agent:dev-1', projects: ['p'] });
    expect(await new TokenCheck(secret).principalOf(token)).toMatchObject({ actor: 'agent:dev-1', projects: ['p'] });
  });

  it('is trusted for a little while, and then looked at again', async () => {
    let now = Date.now();
    const check = new TokenCheck(secret, () => now);
    const token = await mintToken(secret, { actor: 'user:ada', projects: ['*'] });
    const principal = await check.principalOf(token);
    expect(await check.principalOf(token)).toBe(principal);
    now += 10_001;
    expect(await check.principalOf(token)).not.toBe(principal);
  });

  it('that is not valid is never trusted', async () => {
    const check = new TokenCheck(secret);
    const expired = await mintToken(secret, { actor: 'user:ada', projects: ['*'], ttlMs: -60_000 });
    await expect(check.principalOf(expired)).rejects.toThrow('expired');
    await expect(check.principalOf(expired)).rejects.toThrow('expired');
  });
});
