/** Bytes of `value` as JSON in UTF-8: what it takes in the log. */
export function jsonBytes(value: unknown): number {
  const text = JSON.stringify(value) ?? '';
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    const isSurrogate = unit >= 0xd800 && unit <= 0xdfff; // A pair of them is four bytes; JSON.stringify escapes a lone one.
    bytes += unit < 0x800 || isSurrogate ? 1 : 2;
  }
  return bytes;
}
