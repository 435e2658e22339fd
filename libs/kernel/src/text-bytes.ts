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
