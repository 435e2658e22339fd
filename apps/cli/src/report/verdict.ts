import type { AuditReport, FindingSeverity, ReportFinding, ReportVerdict } from '@torch/contracts';

/** What the reader should know first. */
export function verdictOf(report: Omit<AuditReport, 'verdict'>, unread?: string): ReportVerdict {
  const findings = [...brokenFindings(report, unread), ...attentionFindings(report), ...notes(report)];
  const has = (severity: FindingSeverity): boolean => findings.some((finding) => finding.severity === severity);
  return { status: has('broken') ? 'broken' : has('attention') ? 'attention' : 'clean', findings };
}

type Found = readonly [holds: boolean, section: string, text: string];

const findings = (severity: FindingSeverity, found: readonly Found[]): ReportFinding[] =>
  found.filter(([holds]) => holds).map(([, section, text]) => ({ severity, section, text }));

const plural = (count: number, one: string): string => `${count} ${count === 1 ? one : `${one}s`}`;

function brokenFindings({ integrity }: Omit<AuditReport, 'verdict'>, unread: string | undefined): ReportFinding[] {
  return findings('broken', [
    ...integrity.partitions.map(({ partition, ok, badPosition, problem = '' }): Found => [
      !ok,
      'integrity',
      `The record of partition ${partition} does not hold${badPosition === undefined ? '' : ` from position ${badPosition} on`}. ${problem}`.trim(),
    ]),
    [unread !== undefined, 'scope', `The period could not be read to its end, so this report is not complete. ${unread ?? ''}`.trim()],
  ]);
}

function attentionFindings({ access, work, failures, continuity }: Omit<AuditReport, 'verdict'>): ReportFinding[] {
  const { tasksDeadLettered: deadLettered } = work.counts;
  const lost = continuity.recoveries.reduce((sum, { commitsLost }) => sum + commitsLost, 0);
  const events = (type: string): number => failures.counts.find((count) => count.type === type)?.events ?? 0;
  const [lostAgents, quarantined, incidents] = [events('agent.lost'), events('agent.quarantined'), events('incident.recorded')];
  const { requests } = access.refused;
  return findings('attention', [
    [lost > 0, 'continuity', `${plural(lost, 'commit')} of the partition that somebody had seen ${lost === 1 ? 'was' : 'were'} lost.`],
    [requests > 0, 'access', `${plural(requests, 'request')} to the project ${requests === 1 ? 'was' : 'were'} refused.`],
    [
      deadLettered > 0,
      'work',
      `${plural(deadLettered, 'task')} ${deadLettered === 1 ? 'was' : 'were'} given up as ${deadLettered === 1 ? 'a dead letter' : 'dead letters'}.`,
    ],
    [lostAgents > 0, 'failures', `Agents given up as lost: ${lostAgents}.`],
    [quarantined > 0, 'failures', `Pools quarantined: ${quarantined}.`],
    [incidents > 0, 'failures', `Times that the rules of a service failed: ${incidents}.`],
  ]);
}

function notes({ scope, integrity, access, continuity }: Omit<AuditReport, 'verdict'>): ReportFinding[] {
  const { requests } = access.refusedWithoutProject;
  const recoveries = continuity.recoveries.length + continuity.recoveriesMore;
  const unsigned = integrity.partitions.reduce((sum, { ok, unsigned: count }) => sum + (ok ? count : 0), 0);
  return findings('note', [
    [scope.events === 0, 'scope', 'The archive holds no event of the project in this period.'],
    [
      scope.prunedRecords > 0,
      'retention',
      `${plural(scope.prunedRecords, 'record')} had ${scope.prunedRecords === 1 ? 'its' : 'their'} content removed by retention; what ${scope.prunedRecords === 1 ? 'it' : 'they'} said is not in this report.`,
    ],
    [
      !integrity.keysGiven,
      'integrity',
      'Checkpoints were verified with the keys in the archive itself. Name a copy kept elsewhere with --key to rule out that both were replaced.',
    ],
    [
      unsigned > 0,
      'integrity',
      `${plural(unsigned, 'record')} at the end ${unsigned === 1 ? 'is' : 'are'} sound, but not covered by a signed checkpoint yet.`,
    ],
    [
      requests > 0,
      'access',
      `${plural(requests, 'request')} that named no project of this Torch ${requests === 1 ? 'was' : 'were'} refused.`,
    ],
    [recoveries > 0, 'continuity', `Recoveries of the partition’s log: ${recoveries}.`],
  ]);
}
