import type { Decider, NewEvent } from '@torch/kernel';
import type { ServiceDefinition } from '../service';
import { type Roll, rollDecider, rollService } from './ledger.fixture';

/** Where the rules have a mistake, until it is taken out. */
export type Mistake = 'decide' | 'misfit' | 'evolve' | 'settle' | 'due' | 'timer' | 'due-at';

/**
 * The roll's rules with mistakes in them: whatever concerns an agent whose name begins with `bad` meets those that are there. A name
 * that begins with `pair` registers two agents at once.
 */
export class FaultyRules {
  readonly mistakes = new Set<Mistake>();

  constructor(...mistakes: readonly Mistake[]) {
    for (const mistake of mistakes) this.mistakes.add(mistake);
  }

  private fail(mistake: Mistake): void {
    if (this.mistakes.has(mistake)) throw new TypeError(`A mistake in ${mistake}: agent bad-secret is unlucky.`);
  }

  readonly decider: Decider<Roll> = {
    ...rollDecider,
    decide: (state, command, context) => {
      const { agentId } = command.data as { agentId: string };
      if (command.type === 'SuspectAgent') {
        this.fail('timer');
        return [];
      }
      const events = rollDecider.decide(state, command, context);
      if (agentId.startsWith('pair'))
        return [
          ...events,
          ...rollDecider.decide(state, { ...command, data: { ...(command.data as object), agentId: `bad-${agentId}` } }, context),
        ];
      if (!agentId.startsWith('bad')) return events;
      this.fail('decide');
      return this.mistakes.has('misfit') ? events.map((event): NewEvent => ({ ...event, data: { agentId } })) : events;
    },
    evolve: (state, event) => {
      const { agentId } = event.data as { agentId: string };
      if (agentId.startsWith('bad')) {
        state.names.push('half taken in');
        this.fail('evolve');
        state.names.pop();
      }
      return rollDecider.evolve(state, event);
    },
    settle: (state) => {
      if (hasBad(state)) this.fail('settle');
      return [];
    },
    dueAtMs: (state) => {
      if (hasBad(state)) this.fail('due-at');
      return hasBad(state) && (this.mistakes.has('due') || this.mistakes.has('timer')) ? 0 : Infinity;
    },
    due: () => {
      this.fail('due');
      return [{ type: 'SuspectAgent', data: { agentId: 'bad', instance: 'i', lastSeenAtMs: 0 } }];
    },
  };

  service(parts: Partial<ServiceDefinition<Roll>> = {}): ServiceDefinition<Roll> {
    return rollService({ decider: this.decider, ...parts });
  }
}

const hasBad = ({ names }: Roll): boolean => names.some((name) => name.startsWith('bad'));
