import { eventsCommand } from '../audit/events.command';
import { exportCommand } from '../audit/export.command';
import { eraseCommand } from '../audit/erase.command';
import { reportCommand } from '../audit/report.command';
import { holdCommand, retentionCommand } from '../audit/retention.command';
import { sqlCommand } from '../audit/sql.command';
import { trimCommand } from '../audit/trim.command';
import { keyCommand } from '../audit/key.command';
import { proveCommand } from '../audit/prove.command';
import { verifyCommand } from '../audit/verify.command';
import { witnessCommand } from '../audit/witness.command';
import type { CommandGroup } from './command-group';

export const auditCommand: CommandGroup = (program, io, exit) => {
  const audit = program.command('audit').description("The notary's record of the log.");
  verifyCommand(audit, io, exit);
  witnessCommand(audit, io, exit);
  proveCommand(audit, io, exit);
  keyCommand(audit, io, exit);
  eventsCommand(audit, io, exit);
  exportCommand(audit, io, exit);
  sqlCommand(audit, io, exit);
  reportCommand(audit, io, exit);
  retentionCommand(audit, io, exit);
  holdCommand(audit, io, exit);
  eraseCommand(audit, io, exit);
  trimCommand(audit, io, exit);
};
