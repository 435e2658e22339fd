import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** Every file below a directory, but those that are, or are in, `except` (names directly below it). */
export function filesBelow(dir: string, except: readonly string[]): string[] {
  return readdirSync(dir, { withFileTypes: true })
    .filter(({ name }) => !except.includes(name))
    .flatMap((entry) => {
      const path = join(dir, entry.name);
      if (entry.isDirectory()) return filesBelow(path, []);
      return entry.isFile() ? [path] : [];
    });
}

/** What is in a file, byte by byte as characters, and unpacked as well where it is packed. */
export function textsOf(path: string): string[] {
  const bytes = readFileSync(path);
  const packed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  return [bytes, ...(packed ? [gunzipSync(bytes)] : [])].map((content) => content.toString('latin1'));
}

export interface Hidden {
  readonly name: string;
  readonly secret: string;
}

/** Where below a directory something stands that should not, also as JSON has it; and how often the mark stands there. */
export function whereabouts(
  dir: string,
  except: readonly string[],
  hidden: readonly Hidden[],
  mark: string,
): { leaks: string[]; marks: number } {
  const leaks: string[] = [];
  let marks = 0;
  for (const path of filesBelow(dir, except)) {
    for (const text of textsOf(path)) {
      marks += text.split(mark).length - 1;
      for (const { name, secret } of hidden) {
        if (text.includes(secret) || text.includes(JSON.stringify(secret).slice(1, -1))) leaks.push(`${name} in ${path}`);
      }
    }
  }
  return { leaks, marks };
}

/** As few texts as hold all of these, each no longer than that. */
export function joined(parts: readonly { readonly text: string }[], charsMax: number): string[] {
  const texts = [''];
  for (const { text } of parts) {
    const last = texts.at(-1) as string;
    if (last.length + text.length + 1 > charsMax) texts.push(text);
    else texts[texts.length - 1] = `${last}\n${text}`;
  }
  return texts;
}
