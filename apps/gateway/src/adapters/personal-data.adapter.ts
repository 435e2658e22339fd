import { Inject, Injectable } from '@nestjs/common';
import { type ContractClass, eventContract, holdsSensitive, mapSensitive, redactedData } from '@torch/contracts';
import type { AnyEvent } from '@torch/kernel';
import { type CloudEvent, cloudEventsOf, type Commit } from '@torch/log';
import { type DataSubject, openText, sealText, type SubjectKeys } from '@torch/platform';

export const SUBJECT_KEYS = Symbol('SUBJECT_KEYS');

/**
 * Sensitive texts as they pass the edge: sealed on their way in, under a key of whoever wrote them, and opened on their way
 * out to those who may read the project. Nobody behind the edge ever sees them, so that what the log, the snapshots and the
 * archive hold can be erased by destroying the key, and every state and digest stays what it was.
 */
@Injectable()
export class PersonalData {
  constructor(@Inject(SUBJECT_KEYS) private readonly keys: SubjectKeys) {}

  async sealed<Data>(contract: ContractClass, data: Data, subject: DataSubject): Promise<Data> {
    if (!holdsSensitive(contract)) return data;
    const key = await this.keys.keyOf(subject);
    return mapSensitive(contract, redactedData(contract, data), (text) => sealText(text, key)); // Nobody can redact it later.
  }

  opened<Data>(contract: ContractClass, data: Data): Data {
    return holdsSensitive(contract) ? mapSensitive(contract, data, (text) => openText(text, this.keys)) : data;
  }

  openedEvent<Event extends Pick<AnyEvent, 'type' | 'data'>>(event: Event): Event {
    const contract = eventContract(event.type)?.data;
    return contract && holdsSensitive(contract) ? { ...event, data: this.opened(contract, event.data) } : event;
  }

  /** The events of a commit that somebody asked for: those alone are opened. */
  eventsOf(commit: Commit, partition: number, wanted: (event: AnyEvent, index: number) => boolean): CloudEvent[] {
    return cloudEventsOf(commit, partition, wanted).map((event) => this.openedEvent(event));
  }
}
