import { eventContract } from '@torch/contracts';
import { stateDigest } from '@torch/host';
import { type AnyEvent, canonicalJson, type Decider } from '@torch/kernel';
import { SeededRandom } from '@torch/testing';
import { SIMULATED_SERVICES, type SimulatedService } from '../deciders';
import { type Account, Violation } from './account';
import { asTakenInBy } from './retelling';

/** What live owners had in memory is what a replay to the same position gives: whenever one was asked, and at the end. */
export function liveStateEqualsReplayed({ history }: Account): void {
  for (const { service, partition, project, digest, replayed, ownSeq, foreignSeq } of history.samples)
    if (digest !== replayed)
      throw new Violation(
        `The live state of ${service} on ${project} was not that of the log.`,
        `partition ${partition}, own commits through ${ownSeq}, foreign ones through ${foreignSeq}`,
      );
}

/** A state that was kept as a snapshot and read back on the way comes to the same end as one that never was. */
export function restoredStateEqualsReplayed(account: Account): void {
  const random = new SeededRandom(account.seed);
  for (const service of SIMULATED_SERVICES) {
    const decider = account.deciders[service];
    for (const [project, events] of historiesOf(service, account)) {
      const straight = fold(decider, events);
      const interrupted = fold(interruptedAtRandom(decider, random), events);
      if (stateDigest(decider, straight) === stateDigest(decider, interrupted)) continue;
      throw new Violation(
        `The state of ${service} on ${project} depends on when it was restored from a snapshot.`,
        firstDifference(decider, straight, interrupted),
      );
    }
  }
}

/** By project: what a service's decider is shown, in the order in which the service took it in. */
function historiesOf(service: SimulatedService, account: Account): ReadonlyMap<string, readonly AnyEvent[]> {
  const foreign = new Set(account.deciders[service].foreign);
  const histories = new Map<string, AnyEvent[]>();
  for (const { event, commit } of asTakenInBy(service, account)) {
    if (commit.service === service ? eventContract(event.type)?.service !== service : !foreign.has(event.type)) continue;
    const before = histories.get(event.project);
    if (before) before.push(event);
    else histories.set(event.project, [event]);
  }
  return histories;
}

const fold = (decider: Decider<unknown>, events: readonly AnyEvent[]): unknown => events.reduce(decider.evolve, decider.initialState());

function interruptedAtRandom(decider: Decider<unknown>, random: SeededRandom): Decider<unknown> {
  const { encode, decode } = decider.snapshot;
  return {
    ...decider,
    evolve: (state, event) => {
      const evolved = decider.evolve(state, event);
      return random.chance(0.05) ? decode(JSON.parse(JSON.stringify(encode(evolved)))) : evolved;
    },
  };
}

function firstDifference({ snapshot }: Decider<unknown>, a: unknown, b: unknown): string {
  const [one, other] = [canonicalJson(snapshot.encode(a)), canonicalJson(snapshot.encode(b))];
  let at = 0;
  while (one[at] === other[at]) at++;
  return `…${one.slice(Math.max(0, at - 80), at + 80)}… and …${other.slice(Math.max(0, at - 80), at + 80)}…`;
}
