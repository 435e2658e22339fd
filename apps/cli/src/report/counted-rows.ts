/** Rows by key, up to a number of them; what comes for any further key is counted in `more`, so that sums stay right. */
export class CountedRows<Row> {
  private readonly rows = new Map<string, Row>();
  private uncounted = 0;

  constructor(private readonly rowsMax: number) {}

  /** The key's row, made by `first` when it is new; undefined when there is no room, and then `weight` is counted. */
  at(key: string, first: () => Row, weight = 1): Row | undefined {
    const found = this.rows.get(key);
    if (found) return found;
    if (this.rows.size >= this.rowsMax) {
      this.uncounted += weight;
      return undefined;
    }
    const row = first();
    this.rows.set(key, row);
    return row;
  }

  get(key: string): Row | undefined {
    return this.rows.get(key);
  }

  /** A row of its own, or one more without. */
  add(row: Row): void {
    this.at(String(this.rows.size), () => row);
  }

  /** In the order in which they came, or in `order`; equal ones stay in the order in which they came. */
  sorted(order: (a: Row, b: Row) => number = () => 0): Row[] {
    return [...this.rows.values()].sort(order);
  }

  get more(): number {
    return this.uncounted;
  }
}

/** By UTF-16 code unit: the same on every machine. */
export const byText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
