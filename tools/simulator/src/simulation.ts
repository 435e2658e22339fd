import { createHash } from 'node:crypto';
import { SeededRandom } from '@torch/testing';
import { AGENT_FAULTS, type AgentFault, type Habit } from './agents/habits';
import { SimulatedAgent } from './agents/simulated-agent';
import { type Account, accountOf, isAnythingOpen } from './checkers/account';
import { Cluster } from './cluster';
import { type Deciders, SIMULATED_DECIDERS } from './deciders';
import { Edge } from './engine/edge';
import { VirtualTime } from './engine/virtual-time';
import { FaultInjector } from './faults/fault-injector';
import { FAULT_NAMES, type FaultName, WORLD_FAULTS, type WorldFault } from './faults/fault-names';
import { ChangingWeather } from './faults/weather';
import { History } from './history';
import type { Mutant } from './mutants/mutants';
import { Sampler } from './sampler';
import { fleetOf, PROJECTS } from './workload/fleet';
import { Person } from './workload/person';
import { CLAIMED_PATHS } from './workload/plan.draft';

/** 2026-01-01T00:00Z: a run knows no other time than its own. */
const START_MS = 1_767_225_600_000;
const PARTITIONS = 2;
/** While things go wrong and work comes in. */
const TROUBLE_MS = 120_000;
/** After that, everything that was accepted ends within this time. */
const QUIET_MS = 15 * 60_000;
/** Share of the agents that are stuck at the end of the trouble and are started anew. */
const RESTARTED = 0.8;
const LOOK_EVERY_MS = 5000;

const HOST_CONFIG = { acquireEveryMs: 1000, snapshotEveryCommits: 40 };

export interface SimulationOptions {
  readonly seed: number;
  /** Default: all. */
  readonly faults?: readonly FaultName[];
  readonly mutant?: Mutant;
  readonly troubleMs?: number;
}

export interface Simulated {
  readonly account: Account;
  /** SHA-256 of everything that the log holds at the end, hex. */
  readonly digest: string;
  readonly simulatedMs: number;
}

/** One world from one seed: some minutes of trouble, then quiet until everything has ended that was accepted, or time is up. */
export class Simulation {
  private readonly time = new VirtualTime(START_MS);
  private readonly history = new History();
  private readonly random: SeededRandom;
  private readonly weather: ChangingWeather;
  private readonly cluster: Cluster;
  private readonly edge: Edge;
  private readonly injector: FaultInjector;
  private readonly deciders: Deciders;
  private isQuiet = false;

  constructor(private readonly options: SimulationOptions) {
    const { seed, mutant, faults = FAULT_NAMES } = options;
    const { time, history } = this;
    this.random = new SeededRandom(seed);
    this.weather = new ChangingWeather(this.stream());
    this.deciders = mutant?.deciders?.(SIMULATED_DECIDERS) ?? SIMULATED_DECIDERS;
    this.cluster = new Cluster({
      time,
      history,
      random: this.stream(),
      deciders: this.deciders,
      partitions: PARTITIONS,
      weather: this.weather.at,
      config: { ...HOST_CONFIG, ...mutant?.config },
      sabotage: mutant?.sabotage,
    });
    this.edge = new Edge({ time, random: this.stream(), weather: this.weather.at, gateways: () => this.cluster.gateways() });
    this.injector = new FaultInjector({
      time,
      history,
      random: this.stream(),
      cluster: this.cluster,
      weather: this.weather,
      partitions: PARTITIONS,
      faults: faults.filter((fault): fault is WorldFault => fault in WORLD_FAULTS),
    });
  }

  async run(): Promise<Simulated> {
    const { time, cluster, injector } = this;
    const troubleUntilMs = START_MS + (this.options.troubleMs ?? TROUBLE_MS);
    cluster.start();
    const agents = this.startAgents();
    const people = PROJECTS.map(
      (project) => new Person({ ...this.parts(), project, random: this.stream(), edge: this.edge, untilMs: troubleUntilMs }),
    );
    for (const person of people) person.start();
    const sampler = new Sampler({ ...this.parts(), random: this.stream() });
    sampler.start();
    injector.start();
    await time.run(troubleUntilMs);
    injector.stop();
    this.isQuiet = true;
    // Some are left to the leases of what they hold.
    for (const agent of agents) if (this.random.chance(RESTARTED)) agent.restartIfStuck();
    let finishing = people.length;
    for (const person of people) void person.finish().then(() => finishing--);
    await this.settle(() => finishing === 0);
    await sampler.everything();
    const account = this.account();
    return { account, digest: digestOf(account), simulatedMs: time.nowMs - START_MS };
  }

  private account(): Account {
    this.history.bringUpToDate();
    return accountOf({
      store: this.cluster.base.store,
      partitions: PARTITIONS,
      history: this.history,
      deciders: this.deciders,
      seed: this.options.seed,
    });
  }

  /** Runs on until nothing is open, for as long as it may take at most. */
  private async settle(isAsked: () => boolean): Promise<void> {
    const untilMs = this.time.nowMs + QUIET_MS;
    let lookAtMs = this.time.nowMs + LOOK_EVERY_MS;
    await this.time.run(untilMs, () => {
      if (this.time.nowMs < lookAtMs) return false;
      lookAtMs = this.time.nowMs + LOOK_EVERY_MS;
      return this.history.bugs.length > 0 || (isAsked() && !isAnythingOpen({ store: this.cluster.base.store, partitions: PARTITIONS }));
    });
  }

  private startAgents(): readonly SimulatedAgent[] {
    const faults = (this.options.faults ?? FAULT_NAMES).filter((fault): fault is AgentFault => AGENT_FAULTS.includes(fault as AgentFault));
    const agents = PROJECTS.flatMap(fleetOf).map((profile) => {
      const random = this.stream();
      const habit = (): Habit => this.habit(random, faults);
      return new SimulatedAgent(profile, { time: this.time, random, edge: this.edge, habit });
    });
    for (const agent of agents) agent.start();
    return agents;
  }

  private habit(random: SeededRandom, faults: readonly AgentFault[]): Habit {
    const workMs = random.int(100, 6000);
    const reports = random.int(0, 2);
    if (this.isQuiet) return { workMs, outcome: 'complete', reports };
    const fault = faults.length > 0 && random.chance(0.3) ? random.pick(faults) : undefined;
    if (fault) this.history.faults.add(fault);
    const outcome = random.chance(0.75) ? 'complete' : random.pick(['fail', 'fail', 'fail-for-good', 'rate-limited'] as const);
    const claims = random.chance(0.15) ? random.pick(CLAIMED_PATHS) : undefined;
    const asks = random.chance(0.05);
    return { workMs, outcome, reports, asks, ...(fault && { fault }), ...(claims && { claims }) };
  }

  private parts() {
    const { time, cluster, history, deciders } = this;
    return { time, cluster, history, deciders, partitions: PARTITIONS, projects: PROJECTS };
  }

  /** Chance of its own for each part, so that one part's draws do not shift another's. */
  private stream(): SeededRandom {
    return new SeededRandom(this.random.int(0, 2 ** 31));
  }
}

function digestOf({ entries }: Account): string {
  const hash = createHash('sha256');
  for (const { partition, position, body } of entries) hash.update(`${partition}/${position.seq}-${position.generation} ${body}\n`);
  return hash.digest('hex');
}
