import { InMemoryLogServer } from '@torch/log';
import { describeJourneys } from './spec/journeys.contract';

describe('the gateway over a log in memory', () => {
  describeJourneys(async () => {
    const server = new InMemoryLogServer();
    await server.partitions(2);
    return {
      connect: () => server.connect(),
      goAway: () => server.faults.goAway(),
      comeBack: () => server.faults.comeBack(),
      stop: () => server.close(),
    };
  });
});
