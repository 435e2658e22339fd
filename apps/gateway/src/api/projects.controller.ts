import { Commands, Queries } from '@torch/contracts';
import { Body, Controller, Get, Param, Post, Put, Res } from '@nestjs/common';
import { Rejection } from '@torch/kernel';
import type { Principal } from '@torch/platform';
import type { FastifyReply } from 'fastify';
import { type EdgeAdmission, Owners } from '../adapters/owners.adapter';
import { Operation } from '../openapi/operation.decorator';
import { CreateProjectBody, ProjectAnswer, ProjectSettingsBody } from './edge.contracts';
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

  @Operation({ summary: 'One project.', answer: ProjectAnswer })
  @Get(':project')
  async get(@Param('project') project: string): Promise<ProjectAnswer> {
    return { project, ...(await this.owners.query(Queries.GetProject, project, {})) };
  }
}
