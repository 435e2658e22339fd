import type { Evidence, EvidenceSpec } from '@torch/contracts';

/** What a result brings to show that the work is done. */
export interface Shown {
  readonly exitCode?: number;
  readonly evidence?: Evidence;
}

/** A sentence for each thing that the spec asks for and the result does not show; none when it shows everything. */
export function missingEvidence(spec: EvidenceSpec | undefined, { exitCode, evidence = {} }: Shown): readonly string[] {
  if (!spec) return [];
  return [
    ...(spec.exitCodeZero ? exitCodeMissing(evidence.exitCode ?? exitCode) : []),
    ...(spec.commit && evidence.commit === undefined ? ['No commit that was made during the attempt was found.'] : []),
    ...artefactsMissing(spec, evidence),
    ...(spec.command === undefined ? [] : commandMissing(spec.command, evidence)),
  ];
}

function exitCodeMissing(exitCode: number | undefined): readonly string[] {
  if (exitCode === 0) return [];
  return [exitCode === undefined ? 'No exit code was reported, and it has to be 0.' : `The exit code is ${exitCode}, and has to be 0.`];
}

function artefactsMissing({ artefacts = [] }: EvidenceSpec, { artefacts: found = [] }: Evidence): readonly string[] {
  const there = new Set(found.map(({ path }) => path));
  const missing = artefacts.filter(({ path }) => !there.has(path)).map(({ path }) => path);
  return missing.length === 0 ? [] : [`${missing.length === 1 ? 'A file is' : 'Files are'} missing: ${missing.join(', ')}.`];
}

function commandMissing(wanted: string, { command }: Evidence): readonly string[] {
  if (command?.command !== wanted) return [`The command "${wanted}" was not run.`];
  if (command.exitCode === 0) return [];
  const tail = command.outputTail ? `, and said: ${command.outputTail}` : '';
  return [`The command "${wanted}" ended with exit code ${command.exitCode}${tail}.`];
}
