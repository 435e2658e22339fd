import { type CanActivate, type ExecutionContext, Injectable } from '@nestjs/common';
import { SYSTEM_PROJECT } from '@torch/host';
import { bearerToken } from '@torch/platform';
import type { FastifyRequest } from 'fastify';
import { KnownProjects } from '../adapters/known-projects.adapter';
import { TokenCheck } from '../adapters/token-check.adapter';
import { AccessRecorder } from '../reactors/access-recorder.reactor';
import { isPublic, principalOf, servesSystemProject } from './request-context';

/** Lets nobody in without a valid token, and puts what the token says beside the request. */
@Injectable()
export class AuthGuard implements CanActivate {
  constructor(private readonly tokens: TokenCheck) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    if (isPublic(context)) return true;
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    request.principal = await this.tokens.principalOf(bearerToken(request.headers.authorization));
    return true;
  }
}

/** Lets a caller into the projects of its token, as far as they exist. */
@Injectable()
export class ProjectGuard implements CanActivate {
  constructor(
    private readonly projects: KnownProjects,
    private readonly access: AccessRecorder,
  ) {}

  async canActivate(context: ExecutionContext): Promise<boolean> {
    const request = context.switchToHttp().getRequest<FastifyRequest>();
    const { project } = request.params as { project?: string };
    if (project === undefined) return true;
    const principal = principalOf(request);
    principal.requireProject(project);
    if (project !== SYSTEM_PROJECT || !servesSystemProject(context)) {
      const { durability } = await this.projects.settings(project);
      request.projectDurability = durability;
    }
    this.access.granted({ project, caller: principal.actor, method: request.method, address: request.ip });
    return true;
  }
}
