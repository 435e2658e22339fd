import { Principal } from '@torch/platform';
import { actingAgent, requirePerson } from './principal';

const ada = new Principal('user:ada', ['*']);
const agent = new Principal('agent:dev-1', ['p']);

describe('an agent', () => {
  it('acts for itself alone', () => {
    expect(actingAgent(agent, undefined)).toBe('dev-1');
    expect(actingAgent(agent, 'dev-1')).toBe('dev-1');
    expect(() => actingAgent(agent, 'dev-2')).toThrow('may act for itself only');
  });

  it('does not do what is for people', () => {
    expect(() => requirePerson(agent, 'define pools')).toThrow('agent:dev-1 may not define pools; that is for people.');
  });
});

describe('a person', () => {
  it('acts for the agent that it names', () => {
    expect(actingAgent(ada, 'dev-2')).toBe('dev-2');
    expect(actingAgent(ada, undefined)).toBeUndefined();
    expect(() => requirePerson(ada, 'define pools')).not.toThrow();
  });
});
