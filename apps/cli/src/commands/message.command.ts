import { durationMs, INBOX_MESSAGES_MAX } from '@torch/contracts';
import { action, type CliContext } from '../cli-context';
import { wrongUsage } from '../cli.errors';
import { dateTime, shortened } from '../text/format';
import { table } from '../text/table';
import { type CommandGroup, examples, wholeNumber } from './command-group';

/** The inbox of the people who run a project. */
const OPERATOR_INBOX = 'operator';
const LIST_DEFAULT = 50;
const TEXT_CHARS_SHOWN = 100;

export const messageCommands: CommandGroup = (program, io, exit) => {
  program
    .command('send')
    .argument('<to>', "an agent's id, @<role>, @all, or operator")
    .argument('<text...>', 'the message')
    .description('Sends a message. It is kept until every recipient has acknowledged it, or its time is over.')
    .option('--reply-to <message>', 'the message that this one answers')
    .option('--ttl <duration>', 'for how long it is delivered, such as 30m or 2h')
    .option('--id <id>', 'its id; sending the same id again changes nothing')
    .addHelpText(
      'after',
      examples('torch send @developer "The API is frozen until noon."', 'torch send builder-1 "Please rebase." --ttl 30m'),
    )
    .action(action(io, exit, send));
  program
    .command('inbox')
    .argument('[recipient]', "an agent's id; default: the operator's own inbox", OPERATOR_INBOX)
    .description('Shows messages that are not acknowledged yet, oldest first.')
    .option('--limit <n>', 'at most this many', wholeNumber('--limit', { min: 1, max: INBOX_MESSAGES_MAX }), LIST_DEFAULT)
    .addHelpText('after', examples('torch inbox', 'torch inbox builder-1 --json'))
    .action(action(io, exit, inbox));
  program
    .command('ack')
    .argument('<message>')
    .argument('[recipient]', "an agent's id; default: the operator's own inbox", OPERATOR_INBOX)
    .description('Acknowledges a message: it leaves the inbox.')
    .action(action(io, exit, ack));
};

async function send(
  context: CliContext,
  to: string,
  words: string[],
  options: { replyTo?: string; ttl?: string; id?: string },
): Promise<void> {
  const ttlMs = options.ttl === undefined ? undefined : durationMs(options.ttl);
  if (options.ttl !== undefined && ttlMs === undefined)
    throw wrongUsage(`--ttl "${options.ttl}" must be a duration such as "30s", "10m" or "2h".`);
  const text = words.join(' ');
  if (text.trim() === '') throw wrongUsage('The message is empty.');
  const sent = await context.project().sendMessage({ to, text, inReplyTo: options.replyTo, ttlMs, messageId: options.id });
  context.answer(sent, () => `Message ${sent.messageId} is accepted, at ${sent.position} of the log.`);
}

async function inbox(context: CliContext, recipient: string, { limit }: { limit: number }): Promise<void> {
  const found = await context.project().inbox(recipient, { limit });
  context.answer(found, () => {
    if (found.messages.length === 0) return `The inbox of ${recipient} is empty.`;
    const rows = found.messages.map(({ messageId, sentAtMs, from, to, state, text }) => [
      messageId,
      dateTime(sentAtMs),
      from,
      to,
      state,
      shortened(text, TEXT_CHARS_SHOWN),
    ]);
    return table(['MESSAGE', 'SENT', 'FROM', 'TO', 'STATE', 'TEXT'], rows);
  });
}

async function ack(context: CliContext, messageId: string, recipient: string): Promise<void> {
  const { position } = await context.project().ackMessage(recipient, messageId);
  context.answer({ messageId, recipient, position }, () => `Message ${messageId} is acknowledged.`);
}
