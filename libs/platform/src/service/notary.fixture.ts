import { Controller, Injectable, Module } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { type ChainVerdict, commandTypesOf, QUERIES, type VerifyChain } from '@torch/contracts';
import type { OwnedPartition, Reading } from '@torch/host';
import { type Decider, Rejection } from '@torch/kernel';
import { TorchModule } from './torch.module';

interface NotaryState {
  readonly seen: number;
}

/** The smallest decider that there is: no commands, one query. */
const notaryDecider: Decider<NotaryState> = {
  initialState: () => ({ seen: 0 }),
  decide: () => [],
  evolve: ({ seen }) => ({ seen: seen + 1 }),
  foreign: [],
  snapshot: { version: 1, encode: (state) => state, decode: (encoded) => encoded as NotaryState },
};

@Injectable()
export class OwnershipRecord {
  readonly owned = new Set<number>();
  readonly released = new Set<number>();

  onOwned({ partition }: OwnedPartition<NotaryState>): void {
    this.owned.add(partition);
  }

  onReleased(partition: number): void {
    this.owned.delete(partition);
    this.released.add(partition);
  }
}

const otherQueries = QUERIES.filter(({ service, type }) => service === 'audit' && type !== 'VerifyChain').map(({ type }) => type);

@Controller()
class NotaryController {
  /** Nobody asks for these here; a service without a handler for one of its messages would not start. */
  @MessagePattern([...commandTypesOf('audit'), ...otherQueries])
  refuse(): never {
    throw new Rejection('not-here', 'The smallest service there is answers only whether its chain is sound.');
  }

  @MessagePattern('VerifyChain')
  verify(@Payload() _query: VerifyChain, @Ctx() { partition, state }: Reading<NotaryState>): ChainVerdict {
    return { ok: true, partitions: [{ partition, ok: true, records: state.seen, lastSeq: 0, lastHash: '' }] };
  }
}

/** A whole service in a few lines, for tests of what all services share. */
@Module({
  imports: [
    TorchModule.forService({
      service: 'audit',
      decider: notaryDecider,
      hooks: OwnershipRecord,
      config: { leaseMs: 1500, renewEveryMs: 500, acquireEveryMs: 100 },
    }),
  ],
  controllers: [NotaryController],
  providers: [OwnershipRecord],
})
export class NotaryModule {}
