import { commandContract, eventContract } from '@torch/contracts';
import { COMMAND_OF } from './why.commands';

describe('the command that an event comes from', () => {
  it.each(Object.entries(COMMAND_OF))('%s: %s, decided by the same service', (type, command) => {
    expect(commandContract(command)?.service).toBe(eventContract(type)?.service);
    expect(eventContract(type)).toBeDefined();
  });
});
