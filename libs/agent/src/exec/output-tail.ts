import { OUTPUT_TAIL_CHARS_MAX } from '@torch/contracts';

/** UTF-8 takes at most 4 bytes a character, and the cut may fall into one. */
const TAIL_BYTES = OUTPUT_TAIL_CHARS_MAX * 4 + 4;

/** The last characters of an output, at most `OUTPUT_TAIL_CHARS_MAX` of them. */
export class OutputTail {
  private kept: Buffer = Buffer.alloc(0);

  add(chunk: Buffer): void {
    const room = Math.max(0, TAIL_BYTES - chunk.length);
    this.kept = Buffer.concat([this.kept.subarray(Math.max(0, this.kept.length - room)), chunk.subarray(-TAIL_BYTES)]);
  }

  /** At most so many of the last characters. */
  text(charsMax = OUTPUT_TAIL_CHARS_MAX): string {
    const tail = this.kept.toString('utf8').slice(-charsMax);
    const cutInside = tail.charCodeAt(0) >= 0xdc00 && tail.charCodeAt(0) <= 0xdfff;
    return cutInside ? tail.slice(1) : tail;
  }
}
