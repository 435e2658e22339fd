import { type AnyEvent } from '@torch/kernel';

/** An event with its place, as the sections of a report read it. Data comes from an archive: nothing about it is taken for granted. */
export interface ReportEvent {
  readonly type: string;
  readonly subject: string;
  readonly project: string;
  readonly actor: string;
  readonly data: Readonly<Record<string, unknown>>;
  /** When its commit was recorded, epoch ms. */
  readonly atMs: number;
  /** Of its commit. */
  readonly position: string;
}

export function reportEvent({ type, subject, project, actor, data }: AnyEvent, atMs: number, position: string): ReportEvent {
  const fields = data !== null && typeof data === 'object' ? (data as Record<string, unknown>) : {};
  return { type, subject, project, actor, data: fields, atMs, position };
}

export const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

export const wholeOf = (value: unknown): number | undefined =>
  Number.isSafeInteger(value) && (value as number) >= 0 ? (value as number) : undefined;

const DETAIL_CHARS_MAX = 400;
const VALUE_CHARS_MAX = 160;

/** What an event says besides its envelope, on one line: its plain values, without moments and without what its subject says. */
export function detailOf({ data, subject }: Pick<ReportEvent, 'data' | 'subject'>): string {
  const id = subject.slice(subject.indexOf('/') + 1);
  const said = Object.entries(data).flatMap(([name, value]) => {
    const plain = typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean';
    return plain && value !== id && value !== '' && !name.endsWith('AtMs') ? [`${name}: ${shortened(String(value), VALUE_CHARS_MAX)}`] : [];
  });
  return shortened(said.join(' · '), DETAIL_CHARS_MAX);
}

/** At most `max` UTF-16 units, on one line, and no half of a pair. */
export function shortened(text: string, max: number): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= max ? line : `${line.slice(0, max - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
