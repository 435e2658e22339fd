import { JourneyContext, type JourneyWorld } from './journey-context.fixture';
import { describeLogJourneys } from './log.contract';
import { describeRuleJourneys } from './rules.contract';
import { describeRunJourneys } from './runs.contract';
import { describeSharingJourneys } from './sharing.contract';
import { describeStreamJourneys } from './streams.contract';

/** What the gateway does for its callers, over any log server. */
export function describeJourneys(startWorld: () => Promise<JourneyWorld>): void {
  const context = new JourneyContext();
  beforeAll(async () => context.start(await startWorld()), 60_000);
  afterAll(() => context.stop(), 60_000);

  describeRunJourneys(context);
  describeRuleJourneys(context);
  describeSharingJourneys(context);
  describeStreamJourneys(context);
  describeLogJourneys(context);
}
