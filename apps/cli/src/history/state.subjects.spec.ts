import { registryDecider } from '@torch/domain-registry';
import { DeciderRun } from '@torch/testing';
import { parseSubject, stateOf } from './state.subjects';

describe('what agents share', () => {
  const run = new DeciderRun(registryDecider);
  for (const [actor, version] of [
    ['agent:a', 0],
    ['agent:a', 1],
    ['agent:b', 1],
  ] as const)
    run.decide({ type: 'UpdateContext', actor, data: { key: 'goals', version, text: `${actor} on ${version}` } });
  const encoded = registryDecider.snapshot.encode(run.state);
  const stateAt = (subject: string) => stateOf(parseSubject(subject), encoded);

  it('is a subject: a document as it is, and a conflict', () => {
    expect(stateAt('context/goals')).toMatchObject({ version: 2, text: 'agent:a on 1', by: 'agent:a' });
    const opened = run.log.find(({ type }) => type === 'conflict.opened');
    expect(stateAt(opened?.subject ?? '')).toMatchObject({ kind: 'context', about: 'goals', status: 'open' });
    expect([stateAt('context/none'), stateAt('conflict/none')]).toEqual([undefined, undefined]);
  });
});
