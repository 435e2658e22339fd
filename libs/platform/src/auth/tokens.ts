import { randomBytes } from 'node:crypto';
import { ID_PATTERN, PROJECT_PATTERN } from '@torch/contracts';
import type { Actor } from '@torch/kernel';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { TOKEN_SECRET_BYTES_MIN } from '../torch.config';
import { Unauthorized } from './auth.errors';
import { ALL_PROJECTS, Principal } from './principal';

const ISSUER = 'torch';
const ALGORITHM = 'HS256';
/** Clocks of two machines may differ by this much. */
const CLOCK_TOLERANCE_S = 5;

export interface Grant {
  /** `user:<name>` or `agent:<id>`. */
  readonly actor: Actor;
  /** Projects that the token is for; `*` for all of them. */
  readonly projects: readonly string[];
  /** Absent: the token holds until the secret changes. */
  readonly ttlMs?: number;
}

/** A fresh key for `mintToken`, in base64url as `TORCH_TOKEN_SECRET` takes it. */
export const newTokenSecret = (): string => randomBytes(TOKEN_SECRET_BYTES_MIN).toString('base64url');

/** A JWT that proves to the gateway who its bearer is. */
export async function mintToken(secret: Uint8Array, { actor, projects, ttlMs }: Grant): Promise<string> {
  const token = new SignJWT({ projects: [...projects] })
    .setProtectedHeader({ alg: ALGORITHM })
    .setIssuer(ISSUER)
    .setSubject(actor)
    .setIssuedAt();
  if (ttlMs !== undefined) token.setExpirationTime(new Date(Date.now() + ttlMs));
  return token.sign(secret);
}

/** @throws Unauthorized with a sentence that says why, and nothing that helps to guess. */
export async function verifyToken(secret: Uint8Array, token: string): Promise<Principal> {
  try {
    const { payload } = await jwtVerify(token, secret, {
      algorithms: [ALGORITHM],
      issuer: ISSUER,
      clockTolerance: CLOCK_TOLERANCE_S,
      requiredClaims: ['sub', 'projects'],
    });
    return principalOf(payload);
  } catch (error) {
    if (error instanceof errors.JWTExpired) throw new Unauthorized('The token has expired.');
    if (error instanceof errors.JOSEError) throw new Unauthorized('The token is not one of this Torch.');
    throw error;
  }
}

/** `Authorization: Bearer <token>`. @throws Unauthorized when there is none. */
export function bearerToken(header: string | undefined): string {
  const [, token] = /^Bearer +([\w.~+/=-]+)$/i.exec(header ?? '') ?? [];
  if (token === undefined) throw new Unauthorized('Send a token: Authorization: Bearer <token>.');
  return token;
}

function principalOf({ sub = '', projects }: JWTPayload): Principal {
  const [, kind, name = ''] = /^(user|agent):(.+)$/.exec(sub) ?? [];
  const known = Array.isArray(projects) && projects.every((project) => project === ALL_PROJECTS || PROJECT_PATTERN.test(String(project)));
  if (kind === undefined || !ID_PATTERN.test(name) || !known) throw new Unauthorized('The token names nobody that Torch knows.');
  return new Principal(sub, projects as string[]);
}
