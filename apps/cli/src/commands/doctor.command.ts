import { action, type CliContext } from '../cli-context';
import { examine } from '../doctor/doctor.checks';
import { EXIT } from '../exit-code';
import { type CommandGroup, examples } from './command-group';

const MARKS = { ok: 'ok  ', hint: 'hint', bad: 'BAD ' } as const;

export const doctorCommand: CommandGroup = (program, io, exit) => {
  program
    .command('doctor')
    .description('Looks for what keeps Torch from working here, and names the way out. Exits with 1 when it finds something.')
    .addHelpText('after', examples('torch doctor', 'torch doctor --json'))
    .action(action(io, exit, doctor));
};

async function doctor(context: CliContext): Promise<number> {
  const findings = await examine(context);
  const healthy = findings.every(({ verdict }) => verdict !== 'bad');
  const width = Math.max(...findings.map(({ check }) => check.length));
  context.answer({ healthy, findings }, () =>
    findings
      .flatMap(({ check, verdict, found, wayOut }) => [
        `${MARKS[verdict]}  ${check.padEnd(width)}  ${found}`,
        ...(wayOut === undefined ? [] : [`${' '.repeat(width + 8)}→ ${wayOut}`]),
      ])
      .join('\n'),
  );
  return healthy ? EXIT.done : EXIT.failed;
}
