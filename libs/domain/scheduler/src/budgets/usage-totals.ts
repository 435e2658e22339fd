import { USAGE_GROUPS, type UsageGroup } from '@torch/contracts';
import { saturatingAdd } from '@torch/kernel';

export interface Total {
  input: number;
  output: number;
  micros: number;
  wallMs: number;
  attempts: number;
}

/** What a use is counted for; a group that is absent does not count it. */
export type Names = Partial<Record<UsageGroup, string>>;
/** Of a group that has more names than are kept: everything that was used longest ago. No id begins like this. */
export const OTHERS = '(others)';

export type EncodedTotals = Readonly<Record<string, readonly (readonly [name: string, ...numbers: number[]])[]>>;

/** What was used, by everything that people ask for. Each group keeps the names that were used last. */
export class UsageTotals {
  private readonly groups: ReadonlyMap<UsageGroup, TotalsByName>;

  constructor(namesMax: number) {
    this.groups = new Map(USAGE_GROUPS.map((group) => [group, new TotalsByName(namesMax)]));
  }

  add(names: Names, added: Readonly<Total>): void {
    for (const [group, totals] of this.groups) {
      const name = names[group];
      if (name !== undefined) totals.add(name, added);
    }
  }

  /** In the order of their last use. */
  of(group: UsageGroup): ReadonlyMap<string, Total> {
    return this.totalsOf(group).byName;
  }

  encode(): EncodedTotals {
    const groups = USAGE_GROUPS.filter((group) => this.of(group).size > 0);
    return Object.fromEntries(
      groups.map((group) => [group, [...this.of(group)].map(([name, total]) => [name, ...numbersOf(total)] as const)]),
    );
  }

  restore(encoded: EncodedTotals): void {
    for (const group of USAGE_GROUPS) {
      for (const [name, input = 0, output = 0, micros = 0, wallMs = 0, attempts = 0] of encoded[group] ?? [])
        this.totalsOf(group).byName.set(name, { input, output, micros, wallMs, attempts });
    }
  }

  private totalsOf(group: UsageGroup): TotalsByName {
    return this.groups.get(group) as TotalsByName;
  }
}

class TotalsByName {
  /** In the order of their last use. */
  readonly byName = new Map<string, Total>();
  /** The last one, if that is known: it need not be moved. */
  private newest: string | undefined;

  constructor(private readonly namesMax: number) {}

  add(name: string, added: Readonly<Total>): void {
    const known = this.byName.get(name);
    const total = known ?? noTotal();
    addInto(total, added);
    if (name === this.newest) return;
    if (known) this.byName.delete(name);
    this.byName.set(name, total);
    this.newest = name;
    if (this.byName.size > this.namesMax) this.addUpOldest();
  }

  /** An eighth of them at a time: a map has to be gone through from its beginning. */
  private addUpOldest(): void {
    const { byName, namesMax } = this;
    this.newest = undefined;
    const others = byName.get(OTHERS) ?? noTotal();
    const kept = namesMax - Math.floor(namesMax / 8);
    for (const [name, total] of byName) {
      if (byName.size <= kept && byName.has(OTHERS)) return;
      if (name === OTHERS) continue;
      byName.delete(name);
      addInto(others, total);
      byName.set(OTHERS, others);
    }
  }
}

export const noTotal = (): Total => ({ input: 0, output: 0, micros: 0, wallMs: 0, attempts: 0 });

export function addInto(total: Total, { input, output, micros, wallMs, attempts }: Readonly<Total>): void {
  total.input = saturatingAdd(total.input, input);
  total.output = saturatingAdd(total.output, output);
  total.micros = saturatingAdd(total.micros, micros);
  total.wallMs = saturatingAdd(total.wallMs, wallMs);
  total.attempts = saturatingAdd(total.attempts, attempts);
}

const numbersOf = ({ input, output, micros, wallMs, attempts }: Total): number[] => [input, output, micros, wallMs, attempts];
