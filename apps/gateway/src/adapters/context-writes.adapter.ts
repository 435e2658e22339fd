import { Injectable } from '@nestjs/common';
import {
  Commands,
  type ContextComparison,
  type ContextConflicted,
  type ContextDocument,
  type ContextUpdated,
  Queries,
} from '@torch/contracts';
import type { Admission } from '@torch/host';
import { Rejection } from '@torch/kernel';
import { type Refusal, refusal } from '../api/refusal';
import { CommandOutcomes } from './command-outcome.adapter';
import { Owners } from './owners.adapter';

type ContextWrite = typeof Commands.UpdateContext | typeof Commands.RemoveContext;

interface Write {
  readonly key: string;
  readonly version: number;
  readonly text?: string;
  readonly ref?: string;
}

export interface Written {
  readonly key: string;
  readonly version: number;
  readonly position: string;
}

/** Writes of shared documents. The registry answers a stale one with an event and no change; a caller hears of it here. */
@Injectable()
export class ContextWrites {
  constructor(
    private readonly owners: Owners,
    private readonly outcomes: CommandOutcomes,
  ) {}

  /** @throws Refusal 409 `context-conflict` with what is there, and with both changes together. */
  async write(contract: ContextWrite, admission: Admission, write: Write): Promise<Written> {
    const { key } = write;
    const { position, events } = await this.outcomes.of(contract, admission, write as never);
    const event = events.find(({ type, data }) => OUTCOMES.includes(type) && (data as { key: string }).key === key);
    if (event?.type === 'context.conflicted') throw await this.conflict(admission.project, write, event.data as ContextConflicted);
    if (event) return { key, version: (event.data as ContextUpdated).version, position };
    const newest = await this.newest(admission.project, key); // It is as it was to be, and nothing was written.
    return { key, version: newest?.version ?? write.version, position };
  }

  private async conflict(project: string, write: Write, { base, newest: version, newestBy }: ContextConflicted): Promise<Refusal> {
    const { key, text } = write;
    const newest = await this.newest(project, key);
    const comparison = text === undefined ? undefined : await this.comparison(project, { key, base, text });
    const detail =
      `Document "${key}" was written on version ${base}, and the newest is version ${version}, by ${newestBy}. ` +
      `Nothing was changed: take in what is there, and write on version ${newest?.version ?? version}.`;
    return refusal(409, 'context-conflict', detail, { key, base, newest, comparison });
  }

  private async newest(project: string, key: string): Promise<ContextDocument | undefined> {
    return (await this.owners.query(Queries.GetContext, project, { key })).document;
  }

  /** Nothing when the text that it was written on is not at hand any more. */
  private async comparison(project: string, write: { key: string; base: number; text: string }): Promise<ContextComparison | undefined> {
    try {
      return await this.owners.query(Queries.CompareContext, project, write);
    } catch (error) {
      if (error instanceof Rejection) return undefined;
      throw error;
    }
  }
}

const OUTCOMES: readonly string[] = ['context.updated', 'context.removed', 'context.conflicted'];
