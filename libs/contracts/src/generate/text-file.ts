/** A generated file: its path under the folder it is written to, with forward slashes, and its whole text. */
export interface TextFile {
  readonly path: string;
  readonly text: string;
}
