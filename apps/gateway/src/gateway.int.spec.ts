import { connectLogServer } from '@torch/log-dragonfly';
import { startLogServer } from '@torch/testing';
import { describeJourneys } from './spec/journeys.contract';

describe('the gateway over a real log server', () => {
  describeJourneys(async () => {
    const server = await startLogServer();
    const first = await connectLogServer({ url: server.url });
    await first.partitions(2);
    await first.close();
    return {
      connect: () => connectLogServer({ url: server.url }),
      goAway: () => server.kill(),
      comeBack: () => server.restart(),
      stop: () => server.stop(),
    };
  });
});
