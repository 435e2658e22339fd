import { archiveAlarms, archiveLine } from './archive-alarm';

const status = { isOpen: true, durablePosition: '7-0', lagCommits: 3, openSegmentBytes: 1, sealedSegments: 0 };

describe('the alarms of the archive', () => {
  it('are silent while everything is archived, and where nobody tells', () => {
    expect(archiveAlarms([{ partition: 0, ...status }], 0)).toEqual([]);
    expect(archiveAlarms(undefined, 0)).toEqual([]);
  });

  it('name partition, cause, duration, and how far it is behind where that counts', () => {
    const failing = { code: 'ENOSPC', message: 'No space left.', sinceMs: 1000 };
    expect(
      archiveAlarms(
        [
          { partition: 3, ...status, failing: { activity: 'append', ...failing } },
          { partition: 4, ...status, failing: { activity: 'upload', ...failing } },
        ],
        61_000,
      ),
    ).toEqual([
      'ARCHIVE FAILS on partition 3 (append, ENOSPC) for 1 min 00 s, 3 commits behind: No space left.',
      'ARCHIVE FAILS on partition 4 (upload, ENOSPC) for 1 min 00 s: No space left.',
    ]);
  });
});

describe('the line on the archive', () => {
  it('counts the partitions that are archived, and what is not archived yet', () => {
    const partitions = [0, 1].map((partition) => ({ partition, ...status }));
    expect(archiveLine(partitions)).toBe('Archive: 2 of 2 partitions, 6 commits behind the log.');
    expect(archiveLine([{ partition: 0, ...status, lagCommits: 0, isOpen: false }])).toBe(
      'Archive: 0 of 1 partitions, nothing behind the log.',
    );
  });

  it('is absent where nobody archives', () => {
    expect([archiveLine([]), archiveLine(undefined)]).toEqual([undefined, undefined]);
  });
});
