import { writeFile } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { connectLogServer } from '@torch/log-dragonfly';
import { startLogServer } from '@torch/testing';
import { archiveAppend } from './archive-append.bench';
import type { Bench, BenchContext } from './bench';
import { durability } from './durability.bench';
import { failoverScheduler, serveScheduler } from './failover.bench';
import type { Figure } from './figure';
import { logAppend } from './log-append.bench';
import { logReplay } from './log-replay.bench';
import { serveLifecycles } from './lifecycle';
import { runAgents } from './lifecycle-agents';
import { runBullmq } from './lifecycle-peer';
import { messageLatency } from './message-latency.bench';
import { machine, table } from './report';
import { recovery } from './recovery.bench';
import { discovery } from './discovery.bench';
import { scale } from './scale.bench';
import { scaleDecision } from './scale-decision.bench';
import { turnBlocks } from './turn-blocks.bench';
import { taskLifecycle } from './task-lifecycle.bench';
import { notaryNotarise } from './notarise.bench';
import { upReady } from './up-ready.bench';
import { auditVerify } from './verify.bench';

const BENCHES: readonly Bench[] = [
  { names: ['log.append'], run: logAppend },
  { names: ['log.replay'], run: logReplay },
  { names: ['task.lifecycle'], run: taskLifecycle },
  { names: ['message.latency.p50', 'message.latency.p99'], run: messageLatency },
  { names: ['up.ready'], run: upReady },
  { names: ['failover.scheduler'], run: failoverScheduler },
  { names: ['durability.archived-added.p50', 'durability.archived-added.p99'], run: durability },
  { names: ['archive.append', 'archive.append.lone.p50', 'archive.append.lone.p99'], run: archiveAppend },
  { names: ['recovery.million-events'], run: recovery },
  { names: ['notary.notarise', 'notary.notarise.single'], run: notaryNotarise },
  {
    names: ['audit.verify', 'audit.verify.single', 'audit.verify.rss-growth', 'audit.bytes-per-event', 'audit.bytes-per-event.raw'],
    run: auditVerify,
  },
  { names: ['scale.decision', 'scale.decision.growth', 'scale.bytes-per-task'], run: scaleDecision },
  { names: ['scale.submit', 'scale.assign.p50', 'scale.assign.p99', 'scale.rebuild.snapshot', 'scale.rebuild.log'], run: scale },
  { names: ['turn.block.dependants', 'turn.block.moments', 'turn.block.stop-all', 'turn.block.first-turn'], run: turnBlocks },
  { names: ['discovery.owner.p99', 'discovery.http.p99'], run: discovery },
];

const USAGE = `npm run bench [-- --only NAME --rounds N --json FILE]

  --only NAME    one figure of: ${BENCHES.flatMap(({ names }) => names).join(', ')}
  --rounds N     measurements of each side, alternating; the median counts (default 5)
  --json FILE    writes {"machine", "figures"} there as well`;

async function main(): Promise<number> {
  const { values } = parseArgs({
    options: {
      only: { type: 'string' },
      rounds: { type: 'string', default: '5' },
      json: { type: 'string' },
      help: { type: 'boolean' },
      agents: { type: 'boolean' },
      peer: { type: 'boolean' },
      scheduler: { type: 'string' },
    },
  });
  if (values.agents) return serveLifecycles(runAgents);
  if (values.peer) return serveLifecycles(runBullmq);
  if (values.scheduler !== undefined) {
    await serveScheduler(values.scheduler);
    return new Promise<number>(() => undefined); // Until it is killed.
  }
  const rounds = Number(values.rounds);
  const chosen = BENCHES.filter(({ names }) => values.only === undefined || names.includes(values.only));
  if (values.help || chosen.length === 0 || !Number.isInteger(rounds) || rounds < 1) {
    console.error(values.help ? USAGE : `Unknown figure or number of rounds.\n${USAGE}`);
    return values.help ? 0 : 2;
  }
  const figures: Figure[] = [];
  let logServer = '';
  for (const bench of chosen) {
    console.error(`${bench.names.join(', ')} …`);
    const server = await startLogServer();
    logServer = server.kind;
    const context: BenchContext = {
      connect: () => connectLogServer({ url: server.url }),
      newUrl: () => server.url,
      rounds,
      progress: (line) => console.error(`  ${line}`),
    };
    try {
      figures.push(...(await bench.run(context)));
    } catch (error) {
      console.error(error);
      return 1;
    } finally {
      await server.stop();
    }
  }
  const found = machine(logServer);
  console.log(`\n${found.cores} × ${found.cpu}, ${found.memoryGib} GiB, Node ${found.node}, ${found.logServer}\n\n${table(figures)}`);
  if (values.json) await writeFile(values.json, `${JSON.stringify({ machine: found, figures }, null, 2)}\n`);
  return figures.every(({ ok }) => ok) ? 0 : 1;
}

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    console.error(error);
    process.exit(1);
  },
);
