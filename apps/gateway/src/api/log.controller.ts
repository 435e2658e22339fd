import { Controller, Get, Inject, Param } from '@nestjs/common';
import { hostQueries, SERVICE_NAMES } from '@torch/contracts';
import { decodeCommit, formatPosition, type LogServer, parsePosition, samePosition } from '@torch/log';
import { LOG_SERVER, NotFound } from '@torch/platform';
import { entryAt } from '../adapters/log-entry.adapter';
import { LogWatch } from '../adapters/log-watch.adapter';
import { Owners } from '../adapters/owners.adapter';
import { PersonalData } from '../adapters/personal-data.adapter';
import { COMMIT_ANSWER } from '../openapi/cloud-event.schema';
import { Operation } from '../openapi/operation.decorator';
import { DigestsAnswer } from './edge.contracts';
import { refusal } from './refusal';

/** Audit decides nothing, so it has no state to take a digest of. */
const DECIDING_SERVICES = SERVICE_NAMES.filter((service) => service !== 'audit');

@Controller('v1/projects/:project')
export class LogController {
  constructor(
    private readonly owners: Owners,
    private readonly watch: LogWatch,
    private readonly personal: PersonalData,
    @Inject(LOG_SERVER) private readonly server: LogServer,
  ) {}

  @Operation({ summary: "One commit: its header, and the project's events in it.", answer: COMMIT_ANSWER })
  @Get('log/:position')
  async commit(@Param('project') project: string, @Param('position') text: string) {
    const position = positionOf(text);
    const partition = this.owners.partitionOf(project);
    this.watch.assertAvailable();
    const entry = await entryAt(this.server.log, partition, position.seq);
    if (!entry || !samePosition(entry.position, position))
      throw new NotFound('unknown-position', `Partition ${partition} of the log has no ${text}.`);
    const commit = decodeCommit(entry);
    const { service, epoch, recordedAtMs, consumed, answers } = commit;
    const events = this.personal.eventsOf(commit, partition, (event) => event.project === project);
    return { partition, position: formatPosition(position), service, epoch, recordedAtMs, consumed, answers: answers.length, events };
  }

  @Operation({ summary: "Digests of the project's state, as the live services have it.", answer: DigestsAnswer })
  @Get('digests')
  async digests(@Param('project') project: string): Promise<DigestsAnswer> {
    const deadline = this.owners.deadline();
    const services = DECIDING_SERVICES.map(async (service) => ({
      service,
      ...(await this.owners.query(hostQueries.getDigest(service), project, {}, deadline)),
    }));
    return { partition: this.owners.partitionOf(project), services: await Promise.all(services) };
  }
}

function positionOf(text: string) {
  try {
    const position = parsePosition(text);
    if (position.seq > 0) return position;
  } catch {
    // Said below, in the words of the edge.
  }
  throw refusal(400, 'invalid-path', `"${text.slice(0, 64)}" is not a log position; expected <seq>-<generation>, such as 42-0.`);
}
