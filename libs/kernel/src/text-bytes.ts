/** Bytes of `text` in UTF-8. A lone surrogate counts as the three bytes of U+FFFD, which stands in for it. */
export function textBytes(text: string): number {
  let bytes = text.length;
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i);
    if (unit < 0x80) continue;
    bytes += unit < 0x800 ? 1 : 2;
    if (unit >= 0xd800 && text.codePointAt(i)! > 0xffff) i++; // Four bytes for two units.
  }
  return bytes;
}

/**
 * The text, or as much of its beginning as takes `bytesMax` bytes in UTF-8. A character is never cut in two: half of a surrogate pair
 * does not survive UTF-8. A text of so many bytes also has at most as many characters, which is what contracts limit.
 */
export function cutToBytes(text: string, bytesMax: number): string {
  if (text.length * 3 <= bytesMax) return text;
  let bytes = 0;
  for (let i = 0; i < text.length; i++) {
    const at = i;
    const unit = text.charCodeAt(i);
    const isPair = unit >= 0xd800 && text.codePointAt(i)! > 0xffff;
    bytes += isPair ? 4 : unit < 0x80 ? 1 : unit < 0x800 ? 2 : 3;
    if (isPair) i++;
    if (bytes > bytesMax) return text.slice(0, at);
  }
  return text;
}
