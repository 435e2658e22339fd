const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;
const ZERO = 0x30;
const NINE = 0x39;
/** Any number of so many digits is exact. */
const DIGITS_MAX = 15;
const UNKNOWN = -1;

const EVENTS = Buffer.from('events');
const RECORDED_AT = Buffer.from('recordedAtMs');
const PROJECT = Buffer.from('project');

/** What can be told of a commit without making objects of it. */
export interface CommitOutline {
  readonly events: number;
  /** Of its events, each once. */
  readonly projects: readonly string[];
  /** Epoch ms. */
  readonly recordedAtMs: number | undefined;
}

const NO_COMMIT: CommitOutline = { events: 0, projects: [], recordedAtMs: undefined };

/**
 * Reads a commit's outline off its bytes, for a fraction of what parsing it costs. It is what parsing comes to for every text
 * that is JSON: whatever the scan does not know is parsed. What is no commit has no events.
 */
export function outlineCommit(commit: Buffer): CommitOutline {
  return new OutlineScan(commit).outline() ?? parsed(commit.toString('utf8'));
}

/** The project that was seen last, which most often is the next one as well. */
let knownBytes: Uint8Array = new Uint8Array(0);
let knownProject = '';

/** Goes over JSON as `JSON.stringify` writes it: without space, and with every key once. Each step gives the place behind it. */
class OutlineScan {
  private events = UNKNOWN;
  private recordedAtMs: number | undefined;
  private readonly projects: string[] = [];
  /** The event that is being read has named its project. */
  private isPlaced = false;

  constructor(private readonly bytes: Buffer) {}

  /** Undefined when the commit has to be parsed. */
  outline(): CommitOutline | undefined {
    if (this.objectEnd(0, false) !== this.bytes.length) return undefined;
    return { events: Math.max(0, this.events), projects: this.projects, recordedAtMs: this.recordedAtMs };
  }

  private objectEnd(start: number, isEvent: boolean): number {
    const { bytes } = this;
    if (bytes[start] !== OPENING_BRACE) return UNKNOWN;
    let at = start + 1;
    if (bytes[at] === CLOSING_BRACE) return at + 1;
    for (;;) {
      const keyEnd = bytes[at] === QUOTE ? plainTextEnd(bytes, at + 1) : UNKNOWN;
      if (keyEnd === UNKNOWN || bytes[keyEnd + 1] !== COLON) return UNKNOWN;
      at = isEvent ? this.eventFieldEnd(at + 1, keyEnd) : this.commitFieldEnd(at + 1, keyEnd);
      if (at === UNKNOWN) return UNKNOWN;
      const byte = bytes[at++];
      if (byte === CLOSING_BRACE) return at;
      if (byte !== COMMA) return UNKNOWN;
    }
  }

  private commitFieldEnd(keyAt: number, keyEnd: number): number {
    const { bytes } = this;
    if (isText(bytes, keyAt, keyEnd, EVENTS)) return this.eventsEnd(keyEnd + 2);
    if (isText(bytes, keyAt, keyEnd, RECORDED_AT)) return this.recordedAtEnd(keyEnd + 2);
    return valueEnd(bytes, keyEnd + 2);
  }

  private eventFieldEnd(keyAt: number, keyEnd: number): number {
    const { bytes, isPlaced } = this;
    const at = keyEnd + 2;
    if (!isText(bytes, keyAt, keyEnd, PROJECT)) return valueEnd(bytes, at);
    this.isPlaced = true;
    return isPlaced || bytes[at] !== QUOTE ? UNKNOWN : this.projectEnd(at + 1);
  }

  private eventsEnd(start: number): number {
    const { bytes } = this;
    if (this.events !== UNKNOWN || bytes[start] !== OPENING_BRACKET) return UNKNOWN;
    this.events = 0;
    let at = start + 1;
    if (bytes[at] === CLOSING_BRACKET) return at + 1;
    for (;;) {
      this.isPlaced = false;
      at = this.objectEnd(at, true);
      if (at === UNKNOWN) return UNKNOWN;
      this.events++;
      const byte = bytes[at++];
      if (byte === CLOSING_BRACKET) return at;
      if (byte !== COMMA) return UNKNOWN;
    }
  }

  private projectEnd(at: number): number {
    const { bytes, projects } = this;
    const end = plainTextEnd(bytes, at);
    if (end === UNKNOWN) return UNKNOWN;
    if (!isText(bytes, at, end, knownBytes)) {
      knownBytes = Uint8Array.prototype.slice.call(bytes, at, end);
      knownProject = bytes.toString('utf8', at, end);
    }
    if (!projects.includes(knownProject)) projects.push(knownProject);
    return end + 1;
  }

  private recordedAtEnd(start: number): number {
    const { bytes } = this;
    let at = start;
    let value = 0;
    for (let byte = bytes[at] as number; byte >= ZERO && byte <= NINE; byte = bytes[++at] as number) value = value * 10 + byte - ZERO;
    const isSure = this.recordedAtMs === undefined && at > start && at - start <= DIGITS_MAX;
    this.recordedAtMs = value;
    return isSure && (bytes[at] === COMMA || bytes[at] === CLOSING_BRACE) ? at : UNKNOWN;
  }
}

function isText(bytes: Buffer, at: number, end: number, text: Uint8Array): boolean {
  if (end - at !== text.length) return false;
  for (let i = 0; at + i < end; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

/** Where the quote is that ends a string; UNKNOWN when something in it is escaped. */
function plainTextEnd(bytes: Buffer, at: number): number {
  for (let i = at; i < bytes.length; i++) {
    if (bytes[i] === QUOTE) return i;
    if (bytes[i] === BACKSLASH) return UNKNOWN;
  }
  return UNKNOWN;
}

/** Behind a value, whatever it is. In JSON, a bracket outside a string is one. */
function valueEnd(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] as number;
    if (byte === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
      if (depth === 0) return at + 1;
    } else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      depth++;
    } else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
      if (depth === 0) return at;
      if (--depth === 0) return at + 1;
    } else if (byte === COMMA && depth === 0) return at;
  }
  return UNKNOWN;
}

function parsed(text: string): CommitOutline {
  let commit: { events?: unknown; recordedAtMs?: unknown } | null;
  try {
    commit = JSON.parse(text) as typeof commit;
  } catch {
    return NO_COMMIT;
  }
  if (commit === null || typeof commit !== 'object') return NO_COMMIT;
  const events = Array.isArray(commit.events) ? (commit.events as ({ project?: unknown } | null)[]) : [];
  const projects = events.flatMap((event) => (typeof event?.project === 'string' ? [event.project] : []));
  const { recordedAtMs } = commit;
  return {
    events: events.length,
    projects: [...new Set(projects)],
    recordedAtMs: Number.isSafeInteger(recordedAtMs) ? (recordedAtMs as number) : undefined,
  };
}
