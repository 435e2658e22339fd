import { USAGE_GROUPS, type UsageGroup } from '@torch/contracts';

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
  private readonly groups = new Map<UsageGroup, Map<string, Total>>(USAGE_GROUPS.map((group) => [group, new Map<string, Total>()]));

  constructor(private readonly namesMax: number) {}

  add(names: Names, added: Partial<Total>): void {
    for (const group of USAGE_GROUPS) {
      const name = names[group];
      if (name !== undefined) this.addTo(this.of(group), name, added);
    }
  }

  /** In the order of their last use. */
  of(group: UsageGroup): Map<string, Total> {
    return this.groups.get(group) as Map<string, Total>;
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
        this.of(group).set(name, { input, output, micros, wallMs, attempts });
    }
  }

  private addTo(totals: Map<string, Total>, name: string, added: Partial<Total>): void {
    const total = totals.get(name) ?? noTotal();
    addInto(total, added);
    totals.delete(name);
    totals.set(name, total);
    if (totals.size <= this.namesMax) return;
    for (const [oldest, forgotten] of totals) {
      if (oldest === OTHERS) continue;
      totals.delete(oldest);
      const others = totals.get(OTHERS) ?? noTotal();
      addInto(others, forgotten);
      totals.set(OTHERS, others);
      if (totals.size <= this.namesMax) return;
    }
  }
}

export const noTotal = (): Total => ({ input: 0, output: 0, micros: 0, wallMs: 0, attempts: 0 });

export function addInto(total: Total, { input = 0, output = 0, micros = 0, wallMs = 0, attempts = 0 }: Partial<Total>): void {
  total.input += input;
  total.output += output;
  total.micros += micros;
  total.wallMs += wallMs;
  total.attempts += attempts;
}

const numbersOf = ({ input, output, micros, wallMs, attempts }: Total): number[] => [input, output, micros, wallMs, attempts];
