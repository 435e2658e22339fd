/** Bytes of `text` in UTF-8. A lone surrogate counts as the three bytes of U+FFFD, which stands in for it. */
export function textBytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    if (unit < 0x800) bytes += 1;
    else if (isPair(text, i)) {
      bytes += 2; // Four bytes for two units.
      i++;
    } else bytes += 2;
  }
  return bytes;
}

/** A high surrogate with its low one at `i`. */
export function isPair(text: string, i: number): boolean {
  const [high, low] = [text.charCodeAt(i), text.charCodeAt(i + 1)];
  return high >= 0xd800 && high < 0xdc00 && low >= 0xdc00 && low < 0xe000;
}
