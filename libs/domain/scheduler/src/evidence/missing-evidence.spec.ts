import type { Evidence, EvidenceSpec } from '@torch/contracts';
import { missingEvidence } from './missing-evidence';

const FILES = [{ path: 'a.txt' }, { path: 'b.txt' }];

describe('evidence', () => {
  it.each<[asked: EvidenceSpec, shown: Evidence, missing: string]>([
    [{ exitCodeZero: true }, {}, 'No exit code was reported, and it has to be 0.'],
    [{ exitCodeZero: true }, { exitCode: 3 }, 'The exit code is 3, and has to be 0.'],
    [{ commit: true }, {}, 'No commit that was made during the attempt was found.'],
    [{ artefacts: FILES }, { artefacts: [{ path: 'b.txt' }] }, 'A file is missing: a.txt.'],
    [{ artefacts: FILES }, {}, 'Files are missing: a.txt, b.txt.'],
    [{ command: 'make check' }, {}, 'The command "make check" was not run.'],
    [{ command: 'make check' }, { command: { command: 'true', exitCode: 0 } }, 'The command "make check" was not run.'],
    [
      { command: 'make check' },
      { command: { command: 'make check', exitCode: 2, outputTail: '1 failed' } },
      'The command "make check" ended with exit code 2, and said: 1 failed.',
    ],
  ])('%j is missing in %j', (asked, shown, missing) => {
    expect(missingEvidence(asked, { evidence: shown })).toEqual([missing]);
  });

  it('counts the exit code of the result where there is no other', () => {
    expect(missingEvidence({ exitCodeZero: true }, { exitCode: 0 })).toEqual([]);
    expect(missingEvidence({ exitCodeZero: true }, { exitCode: 0, evidence: { exitCode: 1 } })).toHaveLength(1);
  });

  it('names everything that is missing', () => {
    expect(missingEvidence({ exitCodeZero: true, commit: true, artefacts: FILES, command: 'true' }, {})).toHaveLength(4);
  });

  it('is missing nowhere when none is asked for', () => {
    expect(missingEvidence(undefined, {})).toEqual([]);
    expect(missingEvidence({ exitCodeZero: false, commit: false }, {})).toEqual([]);
  });
});
