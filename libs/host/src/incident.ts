import { type IncidentRecorded, type IncidentStage, type ServiceName } from '@torch/contracts';

const CODE_CHARS_MAX = 64;
const PLACE_CHARS_MAX = 200;

/** The rules failed by something that is no refusal. */
export interface Fault {
  readonly stage: IncidentStage;
  /** Type of the command or event that was being decided or taken in. */
  readonly inputType?: string;
  readonly error: unknown;
}

/** What the log is told of a fault: what kind of error, and where; never its message, which may quote what people wrote. */
export function incidentOf(
  { stage, inputType, error }: Fault,
  service: ServiceName,
): Omit<IncidentRecorded, 'incidentId' | 'recordedAtMs'> {
  const [code, place] = [told(error, codeOf) ?? 'unknown', told(error, placeOf)];
  return { service, stage, ...(inputType !== undefined && { inputType }), code, ...(place !== undefined && { place }) };
}

/** Anything may be thrown, and may throw in turn when it is looked at. */
function told(error: unknown, tell: (error: unknown) => string | undefined): string | undefined {
  try {
    return tell(error);
  } catch {
    return undefined;
  }
}

function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  const { code } = error as Error & { code?: unknown };
  const named = [code, error.name].find((text): text is string => typeof text === 'string' && text !== '');
  return (named ?? 'Error').slice(0, CODE_CHARS_MAX);
}

/** Function, file and line of the topmost frame, without the folders. */
function placeOf(error: unknown): string | undefined {
  const lines = error instanceof Error && typeof error.stack === 'string' ? error.stack.split('\n') : [];
  const frame = lines.find((line) => /^\s+at /.test(line))?.trim();
  const found = frame && /^at (?:(?<call>[\w$.<> ]+) \()?(?:.*[\\/])?(?<file>[\w.-]+):(?<line>\d+):\d+\)?$/.exec(frame);
  if (!found) return undefined;
  const { call, file, line } = found.groups as { call?: string; file: string; line: string };
  return `${call === undefined ? '' : `${call} `}(${file}:${line})`.trim().slice(0, PLACE_CHARS_MAX);
}
