import type { IncidentRecorded } from '@torch/contracts';
import { type Commit, formatPosition } from '@torch/log';
import { POISONED } from '../deciders';
import { type Account, Violation } from './account';

/** How far ahead an owner may be, ms: the log server's answer takes its time. */
const AHEAD_MS_MAX = 10_000;

/** A position names one commit for ever, also when it was lost. */
export function positionsNeverMeanTwoThings({ history, entries }: Account): void {
  const meant = new Map<string, string>();
  const all = [...history.appends, ...entries];
  for (const { partition, position, body } of all) {
    const place = `${partition}/${formatPosition(position)}`;
    const before = meant.get(place) ?? body;
    if (before !== body) throw new Violation(`Position ${place} meant two commits.`, `${place}: ${before} and ${body}`);
    meant.set(place, body);
  }
}

/** Commits come from whoever has the lease, in the epoch that it was given. */
export function onlyTheOwnerAppends({ history, commits }: Account): void {
  for (const { partition, position, lease, owner } of history.appends) {
    if (!lease || (owner?.holder === lease.holder && owner.epoch === lease.epoch)) continue;
    const place = `${partition}/${formatPosition(position)}`;
    throw new Violation(`${lease.holder} appended in epoch ${lease.epoch}, and the owner is ${owner?.holder} in ${owner?.epoch}.`, place);
  }
  const epochs = new Map<string, number>();
  for (const { partition, service, epoch, position } of commits) {
    // The keeper of an empty log server has its lease before the archive tells it which epochs there were.
    const key = service === 'audit' ? `${partition}/${service}/${position.generation}` : `${partition}/${service}`;
    if (epoch < (epochs.get(key) ?? 0))
      throw new Violation(`Epoch ${epoch} of ${service} comes behind ${epochs.get(key)}.`, `${partition}/${formatPosition(position)}`);
    epochs.set(key, epoch);
  }
}

/** A lease passes on when it has run out or was given back. */
export function noTwoHoldersHaveOneLease({ history }: Account): void {
  for (const { lease, takenFrom } of history.grants) {
    if (takenFrom === undefined) continue;
    const { holder, service, partition, epoch } = lease;
    throw new Violation(
      `${holder} was given the lease of ${service} on partition ${partition} while ${takenFrom} had it.`,
      `epoch ${epoch}`,
    );
  }
}

/** What was acknowledged is in the log once, and no command is answered there twice. */
export function everyAcknowledgedCommandHappenedOnce({ history, commits }: Account): void {
  const answers = new Map<string, { readonly place: string; readonly code?: string }>();
  for (const { partition, position, answers: given } of commits) {
    for (const [key, code] of given) {
      const place = `${partition}/${formatPosition(position)}`;
      const before = answers.get(key);
      if (before) throw new Violation(`Command ${key} was decided at ${before.place} and again.`, place);
      answers.set(key, { place, code });
    }
  }
  for (const { key, type, partition, position, durability, code } of history.acknowledgements) {
    const found = answers.get(key);
    const place = `${partition}/${position}`;
    if (found && (found.code === undefined) === (code === undefined)) continue;
    const mayBeLost = durability !== 'archived' && (position === undefined ? history.lost.size > 0 : history.lost.has(place));
    if (mayBeLost) continue;
    throw new Violation(
      `${type} ${key} was acknowledged as ${code ?? `${durability} at ${place}`}, and the log ${found ? `answers ${found.code ?? 'that it was accepted'}` : 'does not have it'}.`,
      found?.place ?? place,
    );
  }
}

/** The rules never fail, but by the mistake that is put into them, and that one stays with its command. */
export function noIncidentIsRecorded({ commits }: Account): void {
  for (const { partition, position, events } of commits) {
    const incident = events.find(({ type, data }) => type === 'incident.recorded' && !isPlanted(data as IncidentRecorded));
    if (incident)
      throw new Violation('The rules of a service failed.', `${partition}/${formatPosition(position)} ${JSON.stringify(incident)}`);
  }
}

const isPlanted = ({ code, stage, suspendedFromSeq }: IncidentRecorded): boolean =>
  code === POISONED && stage === 'command' && suspendedFromSeq === undefined;

/** No owner is ahead of the log server's clock, as far as that has ever shown, whatever its machine's clock says. */
export function noOwnerIsAheadOfTheLogServer({ history }: Account): void {
  for (const { partition, position, body, serverMs } of history.appends) {
    if (serverMs === undefined) continue;
    const { recordedAtMs } = JSON.parse(body) as Pick<Commit, 'recordedAtMs'>;
    if (recordedAtMs > serverMs + AHEAD_MS_MAX)
      throw new Violation(
        `A commit is recorded ${recordedAtMs - serverMs} ms ahead of the log server's clock.`,
        `${partition}/${formatPosition(position)}`,
      );
  }
}

/** Services stop at what only a bug or a corrupt log explains; here, that is a finding. */
export function noServiceMeetsABug({ history }: Account): void {
  const [bug] = history.bugs;
  if (bug !== undefined) throw new Violation('A service stopped at a bug.', bug);
}
