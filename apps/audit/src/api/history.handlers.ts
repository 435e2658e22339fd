import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type { ArchivedEntries, EventsFound, FindEvents, ReadArchive } from '@torch/contracts';
import type { Reading } from '@torch/host';
import { ArchivedEntriesReader } from '../adapters/archived-entries.adapter';
import { History } from '../adapters/history.adapter';

/** What is asked of audit about what happened. */
@Controller()
export class HistoryHandlers {
  constructor(
    private readonly history: History,
    private readonly archived: ArchivedEntriesReader,
  ) {}

  @MessagePattern('ReadArchive')
  readArchive(@Payload() question: ReadArchive, @Ctx() { partition }: Reading): Promise<ArchivedEntries> {
    return this.archived.read(partition, question);
  }

  /** Searches for a limited time; an answer may be short and say where to go on. */
  @MessagePattern('FindEvents')
  findEvents(@Payload() question: FindEvents, @Ctx() { partition, project }: Reading): Promise<EventsFound> {
    return this.history.find({ partition, project, question });
  }
}
