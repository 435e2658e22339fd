/** Tokens alone, without Nest: what `torch up` and the spawner load. */
export { Forbidden, Unauthorized } from './auth/auth.errors';
export { ALL_PROJECTS, Principal } from './auth/principal';
export { bearerToken, type Grant, mintToken, newTokenSecret, verifyToken } from './auth/tokens';
