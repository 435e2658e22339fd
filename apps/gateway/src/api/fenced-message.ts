import { Commands, type RecordFencedMessage } from '@torch/contracts';
import type { Admission } from '@torch/host';
import { Rejection } from '@torch/kernel';
import type { Committed, Owners } from '../adapters/owners.adapter';
import { partOf } from './admission';

const AGENT_ACTOR = 'agent:';

/**
 * Sends an agent's report on a message. Where the log does not know the message, the refusal stands, and the log gets to
 * hold that the agent has had it: its sending was lost with a tail.
 *
 * @throws Rejection of the report; and whatever keeps the record from the log, so that the agent reports again.
 */
export async function fencedWhenUnknown(
  owners: Pick<Owners, 'command'>,
  admission: Admission,
  fenced: RecordFencedMessage,
  report: () => Promise<Committed>,
): Promise<Committed> {
  try {
    return await report();
  } catch (refused) {
    const unknown = refused instanceof Rejection && refused.code === 'unknown-message';
    if (unknown && admission.actor.startsWith(AGENT_ACTOR)) await record(owners, admission, fenced);
    throw refused;
  }
}

async function record(owners: Pick<Owners, 'command'>, admission: Admission, fenced: RecordFencedMessage): Promise<void> {
  const idempotencyId = partOf(admission.idempotencyId, 'fenced');
  await owners.command(Commands.RecordFencedMessage, { ...admission, idempotencyId }, fenced).catch((error: unknown) => {
    if (!(error instanceof Rejection)) throw error; // It has recorded as much of this agent as it will.
  });
}
