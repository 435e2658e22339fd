import type { PartsDecoder, SnapshotFormat } from './decider';

/** JSON characters of one part of a state that is kept as lists; a single record that is longer is a part of its own. */
export const PART_CHARS_MAX = 256 * 1024;

/** How a state is kept as named lists of records. The records of each list have the type that `Lists` has under its name. */
export interface ListedState<State, Lists extends object> {
  /** Is to be raised whenever a list or its records change. */
  readonly version: number;
  /** The state's records, in the order in which the state has them. They are asked for one by one, while the state stands still. */
  lists(state: State): { readonly [Name in keyof Lists]: Iterable<Lists[Name]> };
  /** Lists whose order says nothing, and the key by which each is sorted where equal states have to look equal. */
  readonly sortedBy: { readonly [Name in keyof Lists]?: (record: Lists[Name]) => string };
  decoder(): ListsDecoder<State, Lists>;
}

/** Builds a state again, record by record. */
export interface ListsDecoder<State, Lists extends object> {
  /** One function for each list, named in the order of `lists`: all records of a list are taken before the next list's. */
  readonly take: { readonly [Name in keyof Lists]: (record: Lists[Name]) => void };
  finish(): State;
}

/** Some records of some lists. The whole state has the same shape, so that it is a part among others. */
type Part = Readonly<Record<string, readonly unknown[]>>;

/**
 * The snapshot format of a state that is kept as lists of records. Its parts hold up to `PART_CHARS_MAX` each, whichever list the
 * state grows in.
 */
export function listedSnapshot<State, Lists extends object>(listed: ListedState<State, Lists>): SnapshotFormat<State> {
  const decoder = (): PartsDecoder<State> => partsDecoder(listed.decoder());
  return {
    version: listed.version,
    encode: (state) => whole(listed, state),
    decode(encoded) {
      const decoding = decoder();
      decoding.take(encoded);
      return decoding.finish();
    },
    parts: { encode: (state) => inParts(listed.lists(state)), decoder },
  };
}

function whole<State, Lists extends object>({ lists, sortedBy }: ListedState<State, Lists>, state: State): Part {
  const keys = sortedBy as Readonly<Record<string, ((record: unknown) => string) | undefined>>;
  const sorted = Object.entries<Iterable<unknown>>(lists(state)).map(([name, records]) => {
    const keyOf = keys[name];
    return [name, keyOf ? sortByKey([...records], keyOf) : [...records]] as const;
  });
  return Object.fromEntries(sorted);
}

function sortByKey<T>(records: T[], keyOf: (record: T) => string): T[] {
  return records.sort((a, b) => {
    const [left, right] = [keyOf(a), keyOf(b)];
    return left < right ? -1 : left > right ? 1 : 0;
  });
}

/** At least one, so that an empty state is known to be there. */
function* inParts(lists: Readonly<Record<string, Iterable<unknown>>>): Iterable<Part> {
  let part: Record<string, unknown[]> = {};
  let chars = 0;
  for (const [name, records] of Object.entries(lists)) {
    for (const record of records) {
      const length = JSON.stringify(record).length + 1;
      if (chars > 0 && chars + length > PART_CHARS_MAX) {
        yield part;
        part = {};
        chars = 0;
      }
      (part[name] ??= []).push(record);
      chars += length;
    }
  }
  yield part;
}

function partsDecoder<State, Lists extends object>({ take, finish }: ListsDecoder<State, Lists>): PartsDecoder<State> {
  const takers = Object.entries<(record: never) => void>(take);
  return {
    take(part) {
      for (const [name, takeOne] of takers) for (const record of (part as Part)[name] ?? []) takeOne(record as never);
    },
    finish,
  };
}
