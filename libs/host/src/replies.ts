import { repliesChannel, type Signals } from '@torch/log';
import type { Answer, QueryAnswer } from './envelope';

/** What an instance hears on its own channel: answers to commands and to queries, many at a time. */
export interface Replies {
  readonly commands: readonly Answer[];
  readonly queries: readonly QueryAnswer[];
}

export interface Addressed<A> {
  readonly replyTo: string | undefined;
  readonly answer: A;
}

/** One message for each instance that waits, whatever the number of answers. An instance that is not listening asks again. */
export async function publishAnswers(
  signals: Signals,
  commands: readonly Addressed<Answer>[],
  queries: readonly Addressed<QueryAnswer>[],
): Promise<void> {
  const byInstance = new Map<string, { commands: Answer[]; queries: QueryAnswer[] }>();
  const repliesTo = (instance: string): { commands: Answer[]; queries: QueryAnswer[] } => {
    let replies = byInstance.get(instance);
    if (!replies) byInstance.set(instance, (replies = { commands: [], queries: [] }));
    return replies;
  };
  for (const { replyTo, answer } of commands) if (replyTo) repliesTo(replyTo).commands.push(answer);
  for (const { replyTo, answer } of queries) if (replyTo) repliesTo(replyTo).queries.push(answer);
  await Promise.all([...byInstance].map(([instance, replies]) => signals.publish(repliesChannel(instance), JSON.stringify(replies))));
}
