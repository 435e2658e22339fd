const EVENTS = Buffer.from('"events":[');
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPENING_BRACE = 0x7b;
const CLOSING_BRACE = 0x7d;
const OPENING_BRACKET = 0x5b;
const CLOSING_BRACKET = 0x5d;

/**
 * How many events a commit holds, counted without making objects of it: that costs a tenth. In JSON, what is looked for
 * cannot be inside a string, where its quotes would be escaped.
 */
export function countEvents(commit: Uint8Array): number {
  const bytes = Buffer.from(commit.buffer, commit.byteOffset, commit.byteLength);
  const start = bytes.indexOf(EVENTS);
  if (start < 0) return 0;
  let events = 0;
  let depth = 0;
  for (let at = start + EVENTS.length; at < bytes.length; at++) {
    const byte = bytes[at];
    if (byte === QUOTE) {
      for (at++; at < bytes.length && bytes[at] !== QUOTE; at++) if (bytes[at] === BACKSLASH) at++;
    } else if (byte === OPENING_BRACE || byte === OPENING_BRACKET) {
      if (depth === 0) events++;
      depth++;
    } else if (byte === CLOSING_BRACE || byte === CLOSING_BRACKET) {
      if (depth === 0) return events;
      depth--;
    }
  }
  return 0;
}
