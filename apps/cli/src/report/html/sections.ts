import type { AuditReport, ReportFact, ReportFacts, ReportRefusal, ReportRefusals, ReportTypeCount } from '@torch/contracts';
import { grouped } from '../report.text';
import { html, type Html } from './html';
import { code, type Column, number, table, time } from './table';

export interface Section {
  readonly id: string;
  readonly title: string;
  readonly body: (report: AuditReport) => Html;
}

const KIND_NAMES = { person: 'Person', agent: 'Agent', service: 'Service' } as const;

const typesText = (types: readonly ReportTypeCount[]): Html =>
  html`${types.map(({ type, events }, index) => html`${index > 0 ? ', ' : ''}<code>${type}</code> ${grouped(events)}`)}`;

function scope({ scope: at }: AuditReport): Html {
  const range = at.firstPosition === undefined ? 'none' : `${at.firstPosition} to ${at.lastPosition ?? ''}`;
  return html`<dl>
      <dt>Project</dt>
      <dd>${at.project}</dd>
      <dt>From</dt>
      <dd>${time(at.fromMs) ?? 'the first record'}</dd>
      <dt>To</dt>
      <dd>${at.toMs === undefined ? 'the last record' : html`${time(at.toMs)} (exclusive)`}</dd>
      <dt>Log</dt>
      <dd><code>${at.logId}</code>, partition ${at.partition} of ${at.partitions}</dd>
      <dt>Positions read</dt>
      <dd><code>${range}</code></dd>
      <dt>First and last commit</dt>
      <dd>${time(at.firstAtMs) ?? '–'} and ${time(at.lastAtMs) ?? '–'}</dd>
      <dt>Commits of the partition</dt>
      <dd>${grouped(at.commits)}</dd>
      <dt>Events of the project</dt>
      <dd>${grouped(at.events)}</dd>
      <dt>Records without content</dt>
      <dd>${grouped(at.prunedRecords)}</dd>
    </dl>
    <p class="soft">All times are UTC. An event is counted in the period in which its commit was recorded.</p> `;
}

const actors = ({ actors: { rows, more } }: AuditReport): Html =>
  table({
    caption: 'Events by the person, agent or service that caused them',
    columns: [
      { head: 'Who', kind: 'id', cell: ({ actor }) => code(actor) },
      { head: 'Kind', cell: ({ kind }) => KIND_NAMES[kind] },
      { head: 'Events', kind: 'number', cell: ({ events }) => number(events) },
      { head: 'First', kind: 'time', cell: ({ firstAtMs }) => time(firstAtMs) },
      { head: 'Last', kind: 'time', cell: ({ lastAtMs }) => time(lastAtMs) },
      { head: 'What', kind: 'wide', cell: ({ types }) => typesText(types) },
    ],
    rows,
    more: { count: more, what: 'events of others' },
  });

const WORK_LABELS: readonly (readonly [keyof AuditReport['work']['counts'], string])[] = [
  ['runsSubmitted', 'runs submitted'],
  ['runsCompleted', 'runs completed'],
  ['runsFailed', 'runs failed'],
  ['runsCancelled', 'runs cancelled'],
  ['tasksSubmitted', 'tasks submitted'],
  ['tasksCompleted', 'tasks completed'],
  ['tasksFailed', 'tasks failed'],
  ['tasksDeadLettered', 'dead letters'],
  ['tasksCancelled', 'tasks cancelled'],
  ['tasksRetried', 'retries asked for'],
  ['tasksRequeued', 'retries after back-off'],
  ['attemptsFailed', 'attempts failed'],
];

function work({ work: { counts, by, byMore, runs, runsMore } }: AuditReport): Html {
  return html`<ul class="figures">
      ${WORK_LABELS.map(([name, label]) => html`<li><strong>${grouped(counts[name])}</strong><span>${label}</span></li>`)}
    </ul>
    ${table({
      caption: 'By whom',
      columns: [
        { head: 'Who', kind: 'id', cell: ({ actor }) => code(actor) },
        { head: 'Runs submitted', kind: 'number', cell: ({ runsSubmitted }) => number(runsSubmitted) },
        { head: 'Tasks completed', kind: 'number', cell: ({ tasksCompleted }) => number(tasksCompleted) },
        { head: 'Attempts failed', kind: 'number', cell: ({ attemptsFailed }) => number(attemptsFailed) },
        { head: 'Retries asked', kind: 'number', cell: ({ tasksRetried }) => number(tasksRetried) },
        { head: 'Cancelled', kind: 'number', cell: ({ cancelled }) => number(cancelled) },
      ],
      rows: by,
      more: { count: byMore, what: 'events of others' },
    })}${table({
      caption: 'Runs',
      columns: [
        { head: 'Run', kind: 'id', cell: ({ runId, name }) => html`<code>${runId}</code>${name === undefined ? '' : html`<br />${name}`}` },
        { head: 'Submitted by', kind: 'id', cell: ({ submittedBy }) => code(submittedBy) ?? 'before the period' },
        { head: 'Submitted', kind: 'time', cell: ({ submittedAtMs }) => time(submittedAtMs) },
        { head: 'Ended', kind: 'time', cell: ({ endedAtMs }) => time(endedAtMs) },
        { head: 'Outcome', cell: ({ status }) => status ?? 'going on' },
        { head: 'Tasks', kind: 'number', cell: ({ tasks }) => number(tasks) },
        { head: 'Completed', kind: 'number', cell: ({ completed }) => number(completed) },
        {
          head: 'Failed',
          kind: 'number',
          cell: ({ failed, deadLettered }) => number(failed === undefined ? undefined : failed + (deadLettered ?? 0)),
        },
        { head: 'Cancelled', kind: 'number', cell: ({ cancelled }) => number(cancelled) },
      ],
      rows: runs,
      more: { count: runsMore, what: 'runs' },
    })}`;
}

const REFUSAL_COLUMNS: readonly Column<ReportRefusal>[] = [
  { head: 'Who', kind: 'id', cell: ({ caller }) => code(caller) ?? 'nobody proved' },
  { head: 'Request', kind: 'id', cell: ({ method, route }) => code(`${method} ${route}`) },
  { head: 'Why', kind: 'wide', cell: ({ code: name, detail }) => html`<code>${name}</code><br />${detail}` },
  { head: 'Times', kind: 'number', cell: ({ count }) => number(count) },
  { head: 'First', kind: 'time', cell: ({ firstAtMs }) => time(firstAtMs) },
  { head: 'Last', kind: 'time', cell: ({ lastAtMs }) => time(lastAtMs) },
  { head: 'From', cell: ({ network }) => code(network) },
];

const refusals = (caption: string, { rows, more }: ReportRefusals): Html =>
  table({ caption, columns: REFUSAL_COLUMNS, rows, more: { count: more, what: 'refused requests' } });

function access({ access: { granted, refused, refusedWithoutProject } }: AuditReport): Html {
  return html`<p>
      Who used the project, to read or to write, and who was turned away. Use is recorded once for each caller, kind and window of time;
      addresses are recorded as networks only.
    </p>
    ${table({
      caption: 'Access granted',
      columns: [
        { head: 'Who', kind: 'id', cell: ({ caller }) => code(caller) },
        { head: 'Access', cell: ({ access: kind }) => kind },
        { head: 'Windows', kind: 'number', cell: ({ windows }) => number(windows) },
        { head: 'First', kind: 'time', cell: ({ firstAtMs }) => time(firstAtMs) },
        { head: 'Last window', kind: 'time', cell: ({ lastAtMs }) => time(lastAtMs) },
        { head: 'From', cell: ({ network }) => code(network) },
      ],
      rows: granted.rows,
      more: { count: granted.more, what: 'windows of access' },
    })}${refusals('Access refused to the project', refused)}${refusals('Access refused, of no project of this Torch', refusedWithoutProject)}`;
}

const FACT_COLUMNS: readonly Column<ReportFact>[] = [
  { head: 'When', kind: 'time', cell: ({ atMs }) => time(atMs) },
  { head: 'What', kind: 'id', cell: ({ type }) => code(type) },
  { head: 'About', kind: 'id', cell: ({ subject }) => code(subject) },
  { head: 'Who', kind: 'id', cell: ({ actor }) => code(actor) },
  { head: 'Details', kind: 'wide', cell: ({ detail }) => (detail === '' ? undefined : detail) },
  { head: 'Position', cell: ({ position }) => code(position) },
];

function facts(caption: string, { counts, rows, more }: ReportFacts): Html {
  const sums = counts.length > 0 ? html`<p>${typesText(counts)}.</p>` : undefined;
  return html`${sums}${table({ caption, columns: FACT_COLUMNS, rows, more: { count: more, what: 'events' } })}`;
}

function continuity({ continuity: { recoveries, recoveriesMore, leases, leaseChanges, leaseChangesMore } }: AuditReport): Html {
  return html`<p>These are facts about the partition as a whole, and so about every project in it.</p>
    ${table({
      caption: 'Recoveries of the log',
      columns: [
        { head: 'When', kind: 'time', cell: ({ atMs }) => time(atMs) },
        { head: 'Recorded at', cell: ({ position }) => code(position) },
        { head: 'Goes on from seq', kind: 'number', cell: ({ firstLostSeq }) => number(firstLostSeq) },
        { head: 'Seen before', cell: ({ seenPosition }) => code(seenPosition) },
        {
          head: 'Commits lost',
          cell: ({ commitsLost, firstLostSeq }) => (commitsLost === 0 ? 'none' : `${grouped(commitsLost)}, from seq ${firstLostSeq} on`),
        },
      ],
      rows: recoveries,
      more: { count: recoveriesMore, what: 'recoveries' },
    })}${table({
      caption: 'Who had the right to decide',
      columns: [
        { head: 'Service', cell: ({ service }) => service },
        { head: 'First epoch', kind: 'number', cell: ({ firstEpoch }) => number(firstEpoch) },
        { head: 'Last epoch', kind: 'number', cell: ({ lastEpoch }) => number(lastEpoch) },
        { head: 'Changes', kind: 'number', cell: ({ changes }) => number(changes) },
        { head: 'Commits', kind: 'number', cell: ({ commits }) => number(commits) },
      ],
      rows: leases,
    })}${table({
      caption: 'Changes of hands',
      columns: [
        { head: 'When', kind: 'time', cell: ({ atMs }) => time(atMs) },
        { head: 'Service', cell: ({ service }) => service },
        { head: 'Epoch before', kind: 'number', cell: ({ fromEpoch }) => number(fromEpoch) },
        { head: 'Epoch after', kind: 'number', cell: ({ toEpoch }) => number(toEpoch) },
        { head: 'First commit', cell: ({ position }) => code(position) },
      ],
      rows: leaseChanges,
      more: { count: leaseChangesMore, what: 'changes' },
    })}`;
}

function integrity({ integrity: { partitions, keys, keysGiven, keyChanges } }: AuditReport): Html {
  const from = keysGiven ? 'keys that were given from outside of the archive' : 'the keys that lie in the archive itself';
  return html`<p>
      Every record is bound to the one before it by a hash chain, and all of them by a Merkle tree whose root is signed. Signatures were
      verified with ${from}.
    </p>
    ${table({
      caption: 'What was verified',
      columns: [
        { head: 'Partition', cell: ({ partition }) => String(partition) },
        { head: 'Verdict', cell: ({ ok }) => (ok ? html`<b class="good">whole</b>` : html`<b class="bad">does not hold</b>`) },
        { head: 'Records', kind: 'number', cell: ({ records }) => number(records) },
        { head: 'Without content', kind: 'number', cell: ({ pruned }) => number(pruned) },
        { head: 'Not signed yet', kind: 'number', cell: ({ unsigned }) => number(unsigned) },
        { head: 'Checkpoints', kind: 'number', cell: ({ checkpoints }) => number(checkpoints) },
        { head: 'Last position', cell: ({ lastPosition }) => code(lastPosition) },
        {
          head: 'Gaps and changes',
          kind: 'wide',
          cell: ({ ok, badPosition, problem }) =>
            ok ? 'none' : html`first at <code>${badPosition ?? 'an unknown position'}</code>: ${problem ?? ''}`,
        },
      ],
      rows: partitions,
      none: 'Nothing of the project is archived.',
    })}${table({
      caption: 'Keys that checkpoints were verified with',
      columns: [
        { head: 'Key', cell: ({ name }) => code(name) },
        { head: 'Id', cell: ({ keyId }) => code(keyId) },
      ],
      rows: keys,
    })}${facts('Changes of keys', keyChanges)}`;
}

/** In the order of the report; `id` is also what findings name. */
export const SECTIONS: readonly Section[] = [
  { id: 'scope', title: 'Scope', body: scope },
  { id: 'actors', title: 'Who did what', body: actors },
  { id: 'work', title: 'Runs and tasks', body: work },
  { id: 'access', title: 'Access', body: access },
  { id: 'approvals', title: 'Approvals', body: ({ approvals }) => facts('Approvals', approvals) },
  { id: 'budgets', title: 'Budgets', body: ({ budgets }) => facts('Budgets', budgets) },
  { id: 'failures', title: 'Failures and recoveries', body: ({ failures }) => facts('Failures and recoveries', failures) },
  { id: 'continuity', title: 'Continuity of the log', body: continuity },
  { id: 'integrity', title: 'Integrity', body: integrity },
  {
    id: 'retention',
    title: 'Retention and erasure',
    body: ({ retention }) => facts('Retention, holds and erased personal data', retention),
  },
];
