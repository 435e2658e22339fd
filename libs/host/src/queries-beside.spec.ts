import { rollService } from './spec/ledger.fixture';
import { World } from './spec/world.fixture';

describe('a query that takes long', () => {
  let world: World;
  let host: { stop(): Promise<void> };
  let answer: (names: object) => void = () => undefined;
  let asked: Promise<void>;

  beforeEach(async () => {
    world = await World.create();
    let begun: () => void = () => undefined;
    asked = new Promise((resolve) => (begun = resolve));
    const listAgents = (): Promise<unknown> => {
      begun();
      return new Promise((resolve) => (answer = resolve));
    };
    host = await world.start(rollService({ queries: new Map([['ListAgents', listAgents]]) }));
  });
  afterEach(() => {
    answer({ names: [] });
    return world.end();
  });

  it('holds up no command, and is answered when its answer is there', async () => {
    const names = world.names();
    await asked;
    expect(await world.register('ada')).toBe('1-0');
    answer({ names: ['as they were'] });
    expect(await names).toEqual(['as they were']);
  });

  it('keeps no owner from stopping, and is not answered by one that is it no more', async () => {
    let isAnswered = false;
    const over = world.names().then(
      () => (isAnswered = true),
      () => undefined, // Its time has run out.
    );
    await asked;
    await host.stop();
    answer({ names: [] });
    await over;
    expect(isAnswered).toBe(false);
  });
});
