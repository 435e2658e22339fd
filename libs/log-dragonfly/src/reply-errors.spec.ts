import { InvariantViolation } from '@torch/kernel';
import { Fenced, LogRegressed, LogUnavailable, QueueFull } from '@torch/log';
import { fenceOf } from '@torch/log/contract';
import { ReplyError } from 'ioredis';
import { typedError } from './reply-errors';

const fence = fenceOf({ partition: 3, service: 'scheduler', holder: 'a', epoch: 7 }, { seq: 12, generation: 0 });
const request = { what: 'append to partition 3', partition: 3, service: 'scheduler', fence, entriesMax: 10 };
const reply = (text: string): Error => new (ReplyError as new (text: string) => Error)(text);

/** As Redis answers it, as Redis wraps it, and as Dragonfly wraps it. */
const wrappings = [
  (code: string) => code,
  (code: string) => `${code} script: 4f97282cb0d5453517abf5a3bf3b0cde1dd6e1a1, on @user_script:1.`,
  (code: string) => `ERR Error running script (call to 4f97282cb0d5453517abf5a3bf3b0cde1dd6e1a1): @user_script:14: -${code}`,
];

describe.each(wrappings.map((wrap) => [wrap('-CODE'), wrap] as const))('an error reply such as %s', (_, wrap) => {
  it('is told apart by the code anywhere in its text', () => {
    expect(typedError(reply(wrap('TORCH_FENCED')), request)).toEqual(new Fenced(3, 'scheduler', 7));
    const regressed = typedError(reply(wrap('TORCH_REGRESSED 11-2')), request);
    expect(regressed).toEqual(new LogRegressed(3, { seq: 12, generation: 0 }, { seq: 11, generation: 2 }));
    expect(typedError(reply(wrap('TORCH_QUEUE_FULL')), request)).toEqual(new QueueFull(3, 'scheduler', 10));
    expect(typedError(reply(wrap('TORCH_GUARDED 5')), request)).toBeInstanceOf(RangeError);
  });

  it.each([
    'OOM command not allowed',
    'LOADING the dataset',
    'READONLY You cannot write',
    'MISCONF Errors writing to the AOF file',
    'NOAUTH Authentication required.',
  ])('is a refusal without effect: %s', (code) => {
    expect(typedError(reply(wrap(code)), request)).toMatchObject({ name: 'LogUnavailable', outcomeUnknown: false });
  });

  it('is a bug or a corrupt log otherwise', () => {
    expect(typedError(reply(wrap('WRONGTYPE Operation against a key')), request)).toBeInstanceOf(InvariantViolation);
  });
});

describe('an error without a reply', () => {
  it.each(['Command timed out', 'Connection is closed.', 'Command aborted due to connection close', 'read ECONNRESET'])(
    'leaves the outcome unknown: %s',
    (text) => {
      expect(typedError(new Error(text), request)).toMatchObject({ name: 'LogUnavailable', outcomeUnknown: true });
    },
  );

  it('is known to have had no effect when nothing was sent', () => {
    const error = typedError(new Error("Stream isn't writeable and enableOfflineQueue options is false"), request);
    expect(error).toBeInstanceOf(LogUnavailable);
    expect(error).toMatchObject({ outcomeUnknown: false });
  });
});
