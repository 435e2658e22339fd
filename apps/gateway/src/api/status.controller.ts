import { Controller, Get, Inject } from '@nestjs/common';
import { hostQueries, type PartitionArchiveStatus, Queries, SERVICE_NAMES, type ServiceName } from '@torch/contracts';
import { LogWatch } from '../adapters/log-watch.adapter';
import { Deadline, Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { Operation } from '../openapi/operation.decorator';
import { TORCH_VERSION } from '../version';
import { type PartitionStatus, StatusAnswer } from './edge.contracts';

@Controller('v1/status')
export class StatusController {
  constructor(
    private readonly owners: Owners,
    private readonly watch: LogWatch,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({ summary: 'Who owns what, and whether the log answers.', answer: StatusAnswer })
  @Get()
  async status(): Promise<StatusAnswer> {
    const deadline = new Deadline(this.config.statusDeadlineMs);
    const { partitions } = this.owners;
    const services = SERVICE_NAMES.map(async (service) => ({
      service,
      partitions: await Promise.all(partitions.map((partition) => this.owner(service, partition, deadline))),
    }));
    const archive = Promise.all(partitions.map((partition) => this.archive(partition, deadline)));
    return {
      version: TORCH_VERSION,
      log: { ok: this.watch.available },
      partitions: partitions.length,
      services: await Promise.all(services),
      archive: (await archive).flat(),
    };
  }

  private async archive(partition: number, deadline: Deadline): Promise<PartitionArchiveStatus[]> {
    try {
      return (await this.owners.queryPartition(Queries.GetArchiveStatus, partition, {}, deadline)).partitions;
    } catch {
      return []; // That audit is missing is said among the services.
    }
  }

  private async owner(service: ServiceName, partition: number, deadline: Deadline): Promise<PartitionStatus> {
    try {
      return await this.owners.queryPartition(hostQueries.getOwner(service), partition, {}, deadline);
    } catch {
      return { partition, missing: true }; // Why is for the service's own log to say.
    }
  }
}
