import { SignJWT, UnsecuredJWT } from 'jose';
import { Forbidden, Unauthorized } from './auth.errors';
import { Principal } from './principal';
import { bearerToken, mintToken, newTokenSecret, verifyToken } from './tokens';

const secret = new Uint8Array(Buffer.from(newTokenSecret(), 'base64url'));
const sign = (claims: object, issuer = 'torch', key = secret): Promise<string> =>
  new SignJWT({ ...claims }).setProtectedHeader({ alg: 'HS256' }).setIssuer(issuer).setIssuedAt().sign(key);

describe('a token', () => {
  it('proves its actor and projects', async () => {
    const principal = await verifyToken(secret, await mintToken(secret, { actor: 'user:operator', projects: ['*'] }));
    expect(principal).toEqual(new Principal('user:operator', ['*']));
    expect(principal.mayUse('anything')).toBe(true);
    expect(principal.agentId).toBeUndefined();
  });

  it('holds for its lifetime, and not after', async () => {
    const grant = { actor: 'agent:dev-1', projects: ['default'] };
    await expect(verifyToken(secret, await mintToken(secret, { ...grant, ttlMs: 60_000 }))).resolves.toMatchObject({
      actor: 'agent:dev-1',
    });
    await expect(verifyToken(secret, await mintToken(secret, { ...grant, ttlMs: -60_000 }))).rejects.toThrow('The token has expired.');
  });

  it.each([
    ['another secret', () => sign({ sub: 'user:operator', projects: ['*'] }, 'torch', new Uint8Array(32).fill(1))],
    ['another issuer', () => sign({ sub: 'user:operator', projects: ['*'] }, 'somebody')],
    ['no projects', () => sign({ sub: 'user:operator' })],
    ['projects that are none', () => sign({ sub: 'user:operator', projects: ['Not A Project'] })],
    ['no actor', () => sign({ projects: ['*'] })],
    ["a service's name", () => sign({ sub: 'service:scheduler', projects: ['*'] })],
    ['no name', () => sign({ sub: 'agent:', projects: ['*'] })],
    ['no signature', () => Promise.resolve(new UnsecuredJWT({ projects: ['*'] }).setSubject('user:operator').setIssuer('torch').encode())],
    ['no form', () => Promise.resolve('not.a.token')],
    [
      'another algorithm',
      () =>
        new SignJWT({ projects: ['*'] })
          .setProtectedHeader({ alg: 'HS512' })
          .setSubject('user:a')
          .setIssuer('torch')
          .sign(new Uint8Array(64).fill(1)),
    ],
  ])('with %s proves nothing', async (_what, token) => {
    await expect(token().then((text) => verifyToken(secret, text))).rejects.toThrow(Unauthorized);
  });

  it('that was changed proves nothing', async () => {
    const [header = '', , signature = ''] = (await mintToken(secret, { actor: 'user:operator', projects: ['default'] })).split('.');
    const forged = Buffer.from(JSON.stringify({ iss: 'torch', sub: 'user:operator', projects: ['*'] })).toString('base64url');
    await expect(verifyToken(secret, `${header}.${forged}.${signature}`)).rejects.toThrow(Unauthorized);
  });
});

describe('a principal', () => {
  const agent = new Principal('agent:dev-1', ['default', 'demo']);

  it('may use the projects of its token only', () => {
    expect([agent.mayUse('default'), agent.mayUse('demo'), agent.mayUse('other'), agent.mayUse('*')]).toEqual([true, true, false, false]);
    expect(() => agent.requireProject('other')).toThrow(new Forbidden('The token of agent:dev-1 is not for project "other".'));
  });

  it('that is an agent acts for itself only', () => {
    expect(() => agent.requireAgent('dev-1')).not.toThrow();
    expect(() => agent.requireAgent('dev-2')).toThrow(new Forbidden('agent:dev-1 may act for itself only, not for agent "dev-2".'));
  });

  it('that is a person acts for any agent', () => {
    expect(() => new Principal('user:operator', ['*']).requireAgent('dev-2')).not.toThrow();
  });
});

describe('the Authorization header', () => {
  it('gives the token', () => {
    expect([bearerToken('Bearer a.b.c'), bearerToken('bearer a.b.c')]).toEqual(['a.b.c', 'a.b.c']);
  });

  it.each([undefined, '', 'Bearer', 'Bearer ', 'Basic dXNlcjpw', 'a.b.c', 'Bearer a b'])('%j gives none', (header) => {
    expect(() => bearerToken(header)).toThrow('Send a token: Authorization: Bearer <token>.');
  });
});
