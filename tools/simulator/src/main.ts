import 'reflect-metadata';
import { writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { isMainThread } from 'node:worker_threads';
import { FAULT_NAMES, type FaultName } from './faults/fault-names';
import { MUTANTS } from './mutants/mutants';
import { failuresOf, type RoundResult, type SeedResult, simulateRound } from './round';
import { serveSeeds, startSeedThread, type WorldOrder } from './seed-thread';

const USAGE = `npm run simulate -- [--seeds N] [--seed S] [--only-fault NAME] [--mutant NAME] [--trouble-s N] [--json FILE]

  --seeds N          worlds to simulate; default 100
  --seed S           the first world's seed; the next ones count on from it. Default: a new one, which is printed
  --only-fault NAME  nothing else goes wrong; there are: ${FAULT_NAMES.join(', ')}
  --mutant NAME      takes a protection out, and expects to be told: ${Object.keys(MUTANTS).join(', ')}
  --trouble-s N      seconds in which things go wrong, by the world's clock; default 120
  --json FILE        writes the results there as well`;

const SEEDS_DEFAULT = 100;
/** Seeds between two lines that say how far it is. */
const SAY_EVERY_SEEDS = 25;

interface Order extends WorldOrder {
  readonly seeds: number;
  readonly firstSeed: number;
  readonly json?: string;
}

/** Undefined when it is none. */
function orderOf(args: readonly string[]): Order | 'help' | undefined {
  const text = { type: 'string' } as const;
  const options = {
    seeds: text,
    seed: text,
    'only-fault': text,
    mutant: text,
    json: text,
    'trouble-s': text,
    help: { type: 'boolean' } as const,
  };
  try {
    const { values } = parseArgs({ args: [...args], options });
    if (values.help) return 'help';
    const seeds = Number(values.seeds ?? (values.seed === undefined ? SEEDS_DEFAULT : 1));
    const firstSeed = Number(values.seed ?? Math.floor(Math.random() * 2 ** 31));
    const fault = values['only-fault'] as FaultName | undefined;
    const isFault = fault === undefined || FAULT_NAMES.includes(fault);
    const isMutant = values.mutant === undefined || values.mutant in MUTANTS;
    if (!isFault || !isMutant || !Number.isInteger(seeds) || seeds < 1 || !Number.isInteger(firstSeed) || firstSeed < 0) return undefined;
    return {
      seeds,
      firstSeed,
      fault,
      mutant: values.mutant,
      json: values.json,
      ...(values['trouble-s'] !== undefined && { troubleMs: Number(values['trouble-s']) * 1000 }),
    };
  } catch {
    return undefined;
  }
}

function report({ seed, findings }: SeedResult, { fault, mutant, troubleMs }: Order): void {
  const options = `${fault === undefined ? '' : ` --only-fault ${fault}`}${mutant === undefined ? '' : ` --mutant ${mutant}`}${troubleMs === undefined ? '' : ` --trouble-s ${troubleMs / 1000}`}`;
  for (const { checker, message } of findings) console.log(`seed ${seed} breaks ${checker}\n  ${message}`);
  console.log(`  again: npm run simulate -- --seed ${seed} --seeds 1${options}`);
}

/** Whether the mutant of the order has been caught by the checker that is there for it. */
const catches = ({ mutant = '' }: Order, { findings }: SeedResult): boolean =>
  findings.some(({ checker }) => checker === MUTANTS[mutant]?.caughtBy);

/** On all cores: the world of a seed is the same on each. */
async function simulate(order: Order): Promise<RoundResult> {
  const { seeds, firstSeed, fault, mutant, troubleMs } = order;
  console.log(`seeds ${firstSeed} to ${firstSeed + seeds - 1}`);
  const threads = Array.from({ length: Math.min(seeds, availableParallelism()) }, () =>
    startSeedThread(__filename, { fault, mutant, troubleMs }),
  );
  let done = 0;
  const onSeed = (result: SeedResult): void => {
    if (result.findings.length > 0) report(result, order);
    if (++done % SAY_EVERY_SEEDS === 0) console.log(`${done} of ${seeds} seeds`);
  };
  try {
    const lanes = threads.map((thread) => thread.simulate);
    return await simulateRound({ firstSeed, seeds, lanes, onSeed, isEnough: (result) => catches(order, result) });
  } finally {
    await Promise.all(threads.map((thread) => thread.stop()));
  }
}

async function main(): Promise<number> {
  const order = orderOf(process.argv.slice(2));
  if (order === undefined || order === 'help') {
    console.error(order === 'help' ? USAGE : `Unknown option, fault or mutant, or a number that is none.\n\n${USAGE}`);
    return order === 'help' ? 0 : 2;
  }
  const { mutant, json } = order;
  const result = await simulate(order);
  const failures = failuresOf(result);
  console.log(
    `${result.seeds} seeds, ${result.events} events, ${result.simulatedHours.toFixed(1)} simulated hours, ` +
      `${result.simulatedHoursPerSecond.toFixed(3)} of them a second; ${failures.length} seeds break a guarantee.`,
  );
  if (json !== undefined) await writeFile(json, `${JSON.stringify(result, null, 2)}\n`);
  const isCaught = failures.some((failure) => catches(order, failure));
  if (mutant !== undefined) console.log(isCaught ? `The mutant ${mutant} is caught.` : `The mutant ${mutant} goes unnoticed.`);
  return (mutant === undefined ? failures.length === 0 : isCaught) ? 0 : 1;
}

if (isMainThread)
  main().then(
    (code) => process.exit(code),
    (error: unknown) => {
      console.error(error);
      process.exit(1);
    },
  );
else serveSeeds();
