import { action, type CliContext } from '../cli-context';
import { EXIT } from '../exit-code';
import { table } from '../text/table';
import { type CommandGroup, examples } from './command-group';

/** A long log takes long to be checked; the gateway's answer is waited for at most this long. */
const VERIFY_TIMEOUT_MS = 10 * 60_000;

export const auditCommand: CommandGroup = (program, io, exit) => {
  const audit = program.command('audit').description("The notary's record of the log.");
  audit
    .command('verify')
    .description(
      'Recomputes the hash chain of every partition and compares it with the log. Exits with 1 and names the first bad position when something was changed.',
    )
    .addHelpText('after', examples('torch audit verify', 'torch audit verify --json'))
    .action(action(io, exit, verify));
};

async function verify(context: CliContext): Promise<number> {
  const verdict = await context.gateway({ requestTimeoutMs: VERIFY_TIMEOUT_MS }).verifyAudit();
  context.answer(verdict, () => {
    const rows = verdict.partitions.map(({ partition, ok, records, lastSeq, lastHash, badPosition, problem }) => [
      `p${String(partition).padStart(2, '0')}`,
      String(records),
      String(lastSeq),
      lastHash.slice(0, 12),
      ok ? 'ok' : `BAD at ${badPosition ?? 'an unknown position'}: ${problem ?? ''}`,
    ]);
    const bad = verdict.partitions.filter(({ ok }) => !ok);
    const [first] = bad;
    const conclusion =
      first === undefined
        ? 'The record is whole, and the log is as it was recorded.'
        : `The record does not hold: the first bad position is ${first.badPosition ?? 'unknown'} of partition ${first.partition}. ${first.problem ?? ''}`.trimEnd();
    return `${table(['PARTITION', 'RECORDS', 'LAST SEQ', 'LAST HASH', 'VERDICT'], rows)}\n${conclusion}`;
  });
  return verdict.ok ? EXIT.done : EXIT.failed;
}
