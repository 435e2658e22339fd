import { causeKey } from '@torch/archive';
import type { AnyEvent } from '@torch/kernel';
import { compareEventPlaces, decodeCommit, eventId, type EventPlace, type LogEntry, parseEventId } from '@torch/log';
import type { History } from '../history/history';

/** An event of the project with its place, and who decided it when. */
export interface Fact {
  readonly id: string;
  readonly place: EventPlace;
  readonly event: AnyEvent;
  readonly service: string;
  /** Epoch ms. */
  readonly recordedAtMs: number;
}

/** Looks events of one project up, each commit read once. */
export class Facts {
  private readonly commits = new Map<number, readonly Fact[]>();
  private readonly subjects = new Map<string, readonly Fact[]>();

  constructor(private readonly history: History) {}

  /** Events about a subject, in order. */
  async about(subject: string): Promise<readonly Fact[]> {
    await this.load([subject]);
    return this.subjects.get(subject) ?? [];
  }

  /** Events about several subjects, with one look at the history. */
  async load(subjects: readonly string[]): Promise<void> {
    const missing = new Set(subjects.filter((subject) => !this.subjects.has(subject)));
    if (missing.size === 0) return;
    const found = new Map([...missing].map((subject): [string, Fact[]] => [subject, []]));
    for (const fact of await this.at(await this.history.index.seqsOf(missing))) found.get(fact.event.subject)?.push(fact);
    for (const [subject, facts] of found) this.subjects.set(subject, facts);
  }

  /** The last event about a subject before a place that fits. */
  async lastBefore({ place }: Fact, subject: string, fits: (event: AnyEvent) => boolean): Promise<Fact | undefined> {
    return (await this.about(subject)).findLast((fact) => compareEventPlaces(fact.place, place) < 0 && fits(fact.event));
  }

  /** Undefined when the text is no event's id, or the event is of another project. */
  async byId(id: string): Promise<Fact | undefined> {
    const place = placeIn(id);
    if (!place || place.partition !== this.history.partition) return undefined;
    return (await this.at([place.position.seq])).find((fact) => fact.id === id);
  }

  /** Events that name this as what they came from. */
  async causedBy(causationId: string): Promise<readonly Fact[]> {
    const facts = await this.at(await this.history.index.seqsOf([causeKey(causationId)]));
    return facts.filter(({ event }) => event.causationId === causationId);
  }

  private async at(seqs: readonly number[]): Promise<readonly Fact[]> {
    const missing = seqs.filter((seq) => !this.commits.has(seq));
    for await (const entry of this.history.index.entriesAt(missing)) this.commits.set(entry.position.seq, this.factsOf(entry));
    return seqs.flatMap((seq) => this.commits.get(seq) ?? []);
  }

  private factsOf(entry: LogEntry): Fact[] {
    const { partition, project } = this.history;
    const { position, events, service, recordedAtMs } = decodeCommit(entry);
    return events.flatMap((event, index) => {
      const place = { partition, position, index };
      return event.project === project ? [{ id: eventId(place), place, event, service, recordedAtMs }] : [];
    });
  }
}

function placeIn(id: string): EventPlace | undefined {
  try {
    return parseEventId(id);
  } catch {
    return undefined; // The idempotency id of a command, or a timer.
  }
}
