import { Commands, hostCommands, Queries, SERVICE_NAMES, type ServiceName } from '@torch/contracts';
import { Body, Controller, Get, Param, Post, Put, Res } from '@nestjs/common';
import { Rejection } from '@torch/kernel';
import type { Principal } from '@torch/platform';
import type { FastifyReply } from 'fastify';
import { type Deadline, type EdgeAdmission, Owners } from '../adapters/owners.adapter';
import { Operation } from '../openapi/operation.decorator';
import { CreateProjectBody, ProjectAnswer, ProjectReleaseAnswer, ProjectSettingsBody, type ReleasedService } from './edge.contracts';
import { bodyOf } from './edge.pipes';
import { requirePerson } from './principal';
import { Admitted, admissionOf, Caller } from './request-context';

@Controller('v1/projects')
export class ProjectsController {
  constructor(private readonly owners: Owners) {}

  @Operation({
    summary: 'Creates a project; 200 when it exists already.',
    status: 201,
    body: CreateProjectBody,
    answer: ProjectAnswer,
    idempotent: true,
  })
  @Post()
  async create(
    @Caller() caller: Principal,
    @Body(bodyOf(CreateProjectBody)) { project }: CreateProjectBody,
    @Res({ passthrough: true }) reply: FastifyReply,
  ): Promise<ProjectAnswer> {
    requirePerson(caller, 'create projects');
    caller.requireProject(project);
    try {
      await this.owners.command(Commands.CreateProject, admissionOf(reply.request, project), {});
    } catch (error) {
      if (!(error instanceof Rejection && error.code === 'project-exists')) throw error;
      reply.status(200);
    }
    return this.get(project);
  }

  @Operation({ summary: 'Sets what a project asks for.', body: ProjectSettingsBody, answer: ProjectAnswer, idempotent: true })
  @Put(':project')
  async set(
    @Caller() caller: Principal,
    @Admitted() admission: EdgeAdmission,
    @Body(bodyOf(ProjectSettingsBody)) { durability }: ProjectSettingsBody,
  ): Promise<ProjectAnswer> {
    requirePerson(caller, 'set up projects');
    await this.owners.command(Commands.SetProjectDurability, admission, { durability });
    return this.get(admission.project);
  }

  @Operation({
    summary: 'Tries a project again that services have quarantined, since their rules had failed on it.',
    answer: ProjectReleaseAnswer,
    idempotent: true,
  })
  @Post(':project/release')
  async release(@Caller() caller: Principal, @Admitted() admission: EdgeAdmission): Promise<ProjectReleaseAnswer> {
    requirePerson(caller, 'release projects');
    const { project } = admission;
    const deadline = this.owners.deadline();
    const asked = await Promise.all(SERVICE_NAMES.map((service) => this.releaseBy(service, admission, deadline)));
    const services = asked.flat();
    if (services.length === 0) throw new Rejection('not-quarantined', `No service has quarantined project "${project}".`);
    return { project, services };
  }

  /** Nothing where the service has not quarantined it. */
  private async releaseBy(service: ServiceName, admission: EdgeAdmission, deadline: Deadline): Promise<ReleasedService[]> {
    try {
      const { position } = await this.owners.command(hostCommands.releaseProject(service), admission, {}, deadline);
      return [{ service, position }];
    } catch (error) {
      if (error instanceof Rejection && error.code === 'not-quarantined') return [];
      throw error;
    }
  }

  @Operation({ summary: 'One project.', answer: ProjectAnswer })
  @Get(':project')
  async get(@Param('project') project: string): Promise<ProjectAnswer> {
    return { project, ...(await this.owners.query(Queries.GetProject, project, {})) };
  }
}
