import { ACL_KINDS, type AclKind, aclFile, aclRules, ensureLogPasswords, LOG_USERS } from '@torch/dev';
import { Option } from 'commander';
import { resolve } from 'node:path';
import { action, type CliContext } from '../cli-context';
import { type CommandGroup, examples } from './command-group';

interface AclOptions {
  readonly kind: AclKind;
  readonly passwords?: string;
}

export const logServerCommand: CommandGroup = (program, io, exit) => {
  const logServer = program.command('log-server').description('Prepares a log server of your own for Torch.');
  logServer
    .command('acl')
    .description(
      "Prints the log server's users for its aclfile: one for each service, with the least rights that it needs, one that only reads, and nobody else. " +
        'Add your own administrator before you load it.',
    )
    .addOption(new Option('--kind <kind>', 'what the log server is').choices([...ACL_KINDS]).default('redis'))
    .option(
      '--passwords <file>',
      'JSON with the password of each user; made when it is not there; default: log-passwords.json in the data directory',
    )
    .addHelpText(
      'after',
      examples(
        'torch log-server acl > users.acl',
        'torch log-server acl --kind dragonfly --passwords /etc/torch/log-passwords.json > users.acl',
        'TORCH_LOG_URL=rediss://log.example:6380 TORCH_LOG_PASSWORDS=/etc/torch/log-passwords.json torch up',
      ),
    )
    .action(action(io, exit, acl));
};

async function acl(context: CliContext, { kind, passwords: given }: AclOptions): Promise<void> {
  const passwordsFile = given === undefined ? context.dataDir.logPasswords : resolve(context.io.cwd, given);
  const { passwords, made } = ensureLogPasswords(passwordsFile);
  const text = aclFile({ kind, passwords });
  context.note(`The passwords are in ${passwordsFile}${made ? ', which was made' : ''}: set TORCH_LOG_PASSWORDS to it for "torch up".`);
  const users = LOG_USERS.map((user) => ({ user, rules: aclRules(user, { kind }) }));
  context.answer({ kind, passwordsFile, users, aclfile: text }, () => text.trimEnd());
}
