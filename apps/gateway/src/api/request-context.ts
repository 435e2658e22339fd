import { createParamDecorator, type ExecutionContext, SetMetadata } from '@nestjs/common';
import { DURABILITIES, type Durability } from '@torch/contracts';
import { SYSTEM_PROJECT } from '@torch/host';
import { admissionContext, HealthController, type Principal, Unauthorized } from '@torch/platform';
import type { FastifyRequest } from 'fastify';
import type { EdgeAdmission } from '../adapters/owners.adapter';
import { idempotencyIdOf } from './admission';
import { refusal } from './refusal';

declare module 'fastify' {
  interface FastifyRequest {
    /** Who makes the request, as the token proves it; absent on routes that need none. */
    principal?: Principal;
    /** What the project asks for where the request does not. */
    projectDurability?: Durability;
  }
}

const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

/** @throws Refusal 400 when the header does not fit. */
function idempotencyKeyOf({ headers }: FastifyRequest): string | undefined {
  const key = headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (typeof key === 'string' && IDEMPOTENCY_KEY.test(key)) return key;
  throw refusal(400, 'invalid-header', 'The header Idempotency-Key must be 1 to 255 visible ASCII characters.');
}

const DURABILITY_HEADER = 'torch-durability';

/** @throws Refusal 400 when the header names no level. */
function durabilityOf({ headers }: FastifyRequest): Durability | undefined {
  const asked = headers[DURABILITY_HEADER];
  if (asked === undefined) return undefined;
  const level = DURABILITIES.find((durability) => durability === asked);
  if (level) return level;
  throw refusal(400, 'invalid-header', `The header Torch-Durability must be one of ${DURABILITIES.join(', ')}.`);
}

/** On whose behalf, and as part of what, a request's commands are sent. */
export function admissionOf(request: FastifyRequest, project: string): EdgeAdmission {
  const { actor } = principalOf(request);
  const key = idempotencyKeyOf(request);
  const path = request.url.split('?', 1)[0] ?? '';
  return {
    ...admissionContext(),
    project,
    actor,
    durability: durabilityOf(request),
    projectDurability: request.projectDurability,
    ...(key !== undefined && { idempotencyId: idempotencyIdOf({ actor, method: request.method, path, key }) }),
  };
}

export function principalOf(request: FastifyRequest): Principal {
  if (!request.principal) throw new Unauthorized('The request has no token.');
  return request.principal;
}

const requestOf = (context: ExecutionContext): FastifyRequest => context.switchToHttp().getRequest<FastifyRequest>();

/** The request's `Admission` for the project in its path. */
export const Admitted = createParamDecorator((_: unknown, context: ExecutionContext): EdgeAdmission => {
  const request = requestOf(context);
  return admissionOf(request, (request.params as { project: string }).project);
});

/** The request's `Admission` for what concerns all projects. */
export const AdmittedToSystem = createParamDecorator((_: unknown, context: ExecutionContext): EdgeAdmission =>
  admissionOf(requestOf(context), SYSTEM_PROJECT),
);

/** Who makes the request. */
export const Caller = createParamDecorator((_: unknown, context: ExecutionContext): Principal => principalOf(requestOf(context)));

const READS: readonly string[] = ['GET', 'HEAD'];

/** Whether a request only looks. */
export const isRead = ({ method }: Pick<FastifyRequest, 'method'>): boolean => READS.includes(method);

const SYSTEM_TOO = 'torch:system-too';

/** The routes also serve the project of Torch's own events, which nobody has created. */
export const SystemProjectToo = (): ClassDecorator => SetMetadata(SYSTEM_TOO, true);

export const servesSystemProject = (context: ExecutionContext): boolean => Reflect.getMetadata(SYSTEM_TOO, context.getClass()) === true;

const PUBLIC = 'torch:public';

/** The route needs no token. */
export const Public = (): MethodDecorator & ClassDecorator => SetMetadata(PUBLIC, true);

export const isPublic = (context: ExecutionContext): boolean =>
  context.getClass() === HealthController ||
  [context.getHandler(), context.getClass()].some((target) => Reflect.getMetadata(PUBLIC, target) === true);
