import type { CommandContract, EventContract } from '../contract';
import { ID_PATTERN, PROJECT_PATTERN } from '../field';
import type { JsonSchema, RefPrefix } from '../json-schema';

const CALLER_PROPERTIES = {
  project: { type: 'string', pattern: PROJECT_PATTERN.source, description: 'The tenant; decides the partition.' },
  actor: {
    type: 'string',
    pattern: '^(user|agent|service):[^\\s]{1,200}$',
    description: 'The verified principal behind it: user:<name>, agent:<id> or service:<name>.',
  },
  correlationId: { type: 'string', minLength: 1, maxLength: 128, description: 'The same for all that one request led to.' },
  traceparent: {
    type: 'string',
    pattern: '^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$',
    description: 'W3C trace context.',
  },
} as const;

/** JSON Schema of one type of event as a commit holds it, in its newest version. */
export function eventSchema({ type, v, data }: EventContract, refPrefix: RefPrefix): JsonSchema {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['type', 'v', 'subject', 'project', 'actor', 'correlationId', 'data'],
    properties: {
      type: { const: type },
      v: { const: v, description: 'Version of the data.' },
      subject: { type: 'string', pattern: '^[a-z]+/.+$', description: 'What the event is about: task/<id>.' },
      ...CALLER_PROPERTIES,
      causationId: {
        type: 'string',
        minLength: 1,
        maxLength: 256,
        description: 'What led to it: the idempotency id of a command, the id of an event, or timer:<epoch ms>.',
      },
      data: { $ref: refPrefix + data.name },
    },
  };
}

/** JSON Schema of one type of command on its way to the owner. */
export function commandSchema({ type, data }: CommandContract, refPrefix: RefPrefix): JsonSchema {
  return {
    type: 'object',
    additionalProperties: false,
    required: ['id', 'type', 'project', 'actor', 'correlationId', 'data'],
    properties: {
      id: { type: 'string', minLength: 1, maxLength: 256, description: 'Idempotency id: the same id has one effect.' },
      type: { const: type },
      ...CALLER_PROPERTIES,
      replyTo: { type: 'string', pattern: ID_PATTERN.source, description: 'Instance that waits for the answer.' },
      data: { $ref: refPrefix + data.name },
    },
  };
}

/** JSON Schema of one commit: one entry of the log, written by one append. */
export function commitSchema(events: readonly string[], services: readonly string[], refPrefix: RefPrefix): JsonSchema {
  const seq = { type: 'integer', minimum: 0 };
  return {
    type: 'object',
    required: ['service', 'epoch', 'recordedAtMs', 'consumed', 'answers', 'events'],
    properties: {
      service: { enum: services },
      epoch: { type: 'integer', minimum: 1, description: "Fencing token of the owner's lease." },
      recordedAtMs: { type: 'integer', minimum: 0, description: 'Epoch ms.' },
      consumed: {
        type: 'object',
        required: ['entry', 'commands', 'seq'],
        description: 'How far the owner had read when it decided the commit.',
        properties: {
          entry: { type: 'string', pattern: '^[0-9]+-[0-9]+$', description: 'Id of the last command entry.' },
          commands: { ...seq, description: 'Commands of that entry that are decided.' },
          seq: { ...seq, description: 'The last log seq whose foreign events were taken in.' },
        },
      },
      answers: {
        type: 'array',
        description: '[idempotency id] of an accepted command, [id, code, message] of a rejected one.',
        items: { type: 'array', minItems: 1, maxItems: 3, items: { type: 'string' } },
      },
      events: { type: 'array', items: { oneOf: events.map((name) => ({ $ref: refPrefix + name })) } },
    },
  };
}
