import { duration } from '../text/format';
import { fields } from '../text/table';
import type { StateChange } from './state.changes';
import type { SubjectState } from './state.subjects';

/** `name: value` lines; what a field consists of has a line each, and what that consists of stands on it. */
export function stateText(state: SubjectState): string {
  return fields(
    Object.entries(state).flatMap(([name, value]): [string, string][] =>
      isGroup(value)
        ? Object.entries(value).map(([part, partValue]) => [`${words(name)} ${part}`, valueText(part, partValue)])
        : [[words(name), valueText(name, value)]],
    ),
  );
}

/** `~ /status: "ready" → "completed"` */
export function changeText({ op, path, before, after }: StateChange): string {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const at = path === '' ? '(all of it)' : path;
  if (op === 'add') return `+ ${at}: ${valueText(name, after)}`;
  if (op === 'remove') return `- ${at}: ${valueText(name, before)}`;
  return `~ ${at}: ${valueText(name, before)} → ${valueText(name, after)}`;
}

function valueText(name: string, value: unknown): string {
  if (typeof value === 'number' && name.endsWith('AtMs')) return new Date(value).toISOString();
  if (typeof value === 'number' && name.endsWith('Ms')) return duration(value);
  if (Array.isArray(value)) return value.map((item) => valueText('', item)).join(', ');
  if (isGroup(value))
    return Object.entries(value)
      .map(([part, partValue]) => `${words(part)} ${valueText(part, partValue)}`)
      .join(', ');
  return typeof value === 'string' ? value : JSON.stringify(value);
}

const isGroup = (value: unknown): value is Record<string, unknown> => typeof value === 'object' && value !== null && !Array.isArray(value);

/** `leaseUntilMs` → `lease until` */
const words = (name: string): string => name.replace(/(At)?Ms$/, '').replaceAll(/[A-Z]/g, (letter) => ` ${letter.toLowerCase()}`);
