import 'reflect-metadata';
import { Controller } from '@nestjs/common';
import { Ctx, EventPattern, MessagePattern, type MicroserviceOptions, Payload } from '@nestjs/microservices';
import { Test } from '@nestjs/testing';
import { commandTypesOf, QUERIES } from '@torch/contracts';
import type { AnyCommand, AnyEvent } from '@torch/kernel';
import { waitUntil } from '@torch/testing';
import { firstValueFrom } from 'rxjs';
import { TorchClientProxy } from './nest/torch.client-proxy';
import { EFFECT, TorchStrategy } from './nest/torch.strategy';
import type { EffectContext, OwnCommand, PlacedEvent, Reading, Turn } from './service';
import { type Diary, diaryDecider, type Roll, rollDecider, rollService } from './spec/ledger.fixture';
import { SPEC_CONFIG, World } from './spec/world.fixture';

const REGISTRY_QUERIES = QUERIES.filter(({ service }) => service === 'registry').map(({ type }) => type);
const SCHEDULER_QUERIES = QUERIES.filter(({ service }) => service === 'scheduler').map(({ type }) => type);

@Controller()
class RollHandlers {
  readonly effects: string[] = [];

  @MessagePattern(commandTypesOf('registry'))
  decide(@Payload() command: AnyCommand, @Ctx() turn: Turn<Roll>) {
    return turn.decide(command);
  }

  @MessagePattern(REGISTRY_QUERIES)
  list(@Ctx() { state }: Reading<Roll>) {
    return { names: [...state.names] };
  }

  @EventPattern('agent.registered', EFFECT)
  async note(@Payload() event: PlacedEvent, @Ctx() _context: EffectContext<Roll>) {
    this.effects.push(event.id);
  }
}

@Controller()
class DiaryHandlers {
  @MessagePattern(commandTypesOf('scheduler'))
  decide(@Payload() command: AnyCommand, @Ctx() turn: Turn<Diary>) {
    return turn.decide(command);
  }

  @MessagePattern(SCHEDULER_QUERIES)
  lines(@Ctx() { state }: Reading<Diary>) {
    return { lines: [...state.lines] };
  }

  @EventPattern('agent.registered')
  onRegistered(@Payload() event: AnyEvent): OwnCommand[] {
    return [{ type: 'ReleaseAgent', data: { agentId: (event.data as { agentId: string }).agentId, reason: 'agent-gone' } }];
  }
}

@Controller()
class HalfHandlers {
  @MessagePattern(commandTypesOf('registry').slice(1))
  decide(@Payload() command: AnyCommand, @Ctx() turn: Turn<Roll>) {
    return turn.decide(command);
  }
}

describe('the Torch transport of Nest', () => {
  let world: World;
  const closing: (() => Promise<unknown>)[] = [];
  beforeEach(async () => {
    world = await World.create();
  });
  afterEach(async () => {
    await Promise.all(closing.splice(0).map((close) => close()));
    await world.end();
  });

  async function serve(controller: new () => object, service: 'registry' | 'scheduler', decider: object) {
    const module = await Test.createTestingModule({ controllers: [controller] }).compile();
    const strategy = new TorchStrategy({
      server: world.server.connect(),
      service,
      decider: decider as never,
      instance: `${service}-nest`,
      config: SPEC_CONFIG,
    });
    const app = module.createNestMicroservice<MicroserviceOptions>({ strategy, logger: false });
    closing.push(() => app.close());
    await app.listen();
    await waitUntil(async () => (await strategy.readiness()).ready, { what: `${service} to be ready` });
    return app;
  }

  it('routes commands and queries to the owner, events to reactions, and what was committed to effects', async () => {
    const app = await serve(RollHandlers, 'registry', rollDecider);
    await serve(DiaryHandlers, 'scheduler', diaryDecider);
    const proxy = new TorchClientProxy(world.connected);
    const admission = { project: 'default', actor: 'user:spec' };
    const data = { agentId: 'ada', role: 'developer', skills: [], harness: 'exec', instance: 'i' };
    expect(await firstValueFrom(proxy.send('RegisterAgent', { admission, data }))).toEqual({
      position: '1-0',
      partition: 0,
      durability: 'memory',
    });
    expect(await firstValueFrom(proxy.send('ListAgents', { admission, data: {} }))).toEqual({ names: ['ada'] });
    await expect(firstValueFrom(proxy.send('RegisterAgent', { admission, data }))).rejects.toMatchObject({
      name: 'Rejection',
      code: 'agent-exists',
    });
    await waitUntil(() => app.get(RollHandlers).effects.length === 1, { what: 'the effect' });
    await waitUntil(async () => (await world.eventTypes()).includes('demand.changed'), { what: 'the reaction' });
  });

  it('refuses to start while a command has no handler', async () => {
    await expect(serve(HalfHandlers, 'registry', rollDecider)).rejects.toThrow(/no @MessagePattern handler for CreateProject/);
  });

  it('cannot send events: deciders write them', async () => {
    await expect(firstValueFrom(new TorchClientProxy(world.connected).emit('agent.lost', {}))).rejects.toThrow(/cannot be sent/);
    await world.start(rollService());
  });
});
