import type { HostReadiness } from '@torch/host';
import { waitUntil } from '@torch/testing';
import { notReady } from './health.controller';
import { reportReadiness } from './readiness.reporter';

const found = (ready: boolean): HostReadiness => ({ ready, logReachable: ready, partitions: [] });

describe('readiness', () => {
  let stop: () => void;
  afterEach(() => stop());

  it('is told once for every change, ready first', async () => {
    let ready = false;
    let looks = 0;
    const told: string[] = [];
    const readiness = (): Promise<HostReadiness> => Promise.resolve(found((looks++, ready)));
    stop = reportReadiness({ readiness, tell: ({ type }) => told.push(type), startMs: 1, everyMs: 1 });
    const seenAgain = async (): Promise<void> => {
      const before = looks;
      await waitUntil(() => looks > before + 3, { what: 'three more looks' });
    };
    await seenAgain();
    expect(told).toEqual([]);
    for (const next of [true, false, true]) {
      ready = next;
      await seenAgain();
    }
    expect(told).toEqual(['ready', 'not-ready', 'ready']);
  });
});

describe('a service that is not ready', () => {
  it.each([
    [{ logReachable: false, partitions: [] }, 'The log server does not answer.'],
    [{ logReachable: true, partitions: [] }, 'The service has not joined any partition yet.'],
    [
      {
        logReachable: true,
        partitions: [
          { partition: 0, role: 'owner' as const },
          { partition: 1, role: 'starting' as never },
        ],
      },
      'The service is not ready on partition 1 (starting).',
    ],
  ])('says why: %j', (state, sentence) => {
    expect(notReady({ ready: false, ...state })).toBe(sentence);
  });
});
