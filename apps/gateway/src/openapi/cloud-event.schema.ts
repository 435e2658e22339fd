import type { NamedSchema } from './operation.decorator';

const text = { type: 'string' } as const;

export const CLOUD_EVENT: NamedSchema = {
  name: 'CloudEvent',
  schema: {
    type: 'object',
    description: 'An event of the log as CloudEvents 1.0. What `data` holds is said by `dataschema`.',
    required: [
      'specversion',
      'id',
      'source',
      'type',
      'subject',
      'time',
      'datacontenttype',
      'dataschema',
      'torchproject',
      'torchactor',
      'torchcorrelationid',
      'data',
    ],
    additionalProperties: false,
    properties: {
      specversion: { const: '1.0' },
      id: { ...text, description: '<partition>/<seq>-<generation>/<index>' },
      source: { ...text, description: 'torch/<partition>' },
      type: text,
      subject: text,
      time: { ...text, format: 'date-time' },
      datacontenttype: { const: 'application/json' },
      dataschema: { ...text, description: 'urn:torch:event:<type>:<version>' },
      torchproject: text,
      torchactor: text,
      torchcorrelationid: text,
      torchcausationid: text,
      traceparent: text,
      data: { type: 'object' },
    },
  },
};

export const CLOUD_EVENT_PAGE: NamedSchema = {
  name: 'CloudEventPage',
  schema: {
    type: 'object',
    required: ['events'],
    additionalProperties: false,
    properties: {
      events: { type: 'array', items: { $ref: '#/components/schemas/CloudEvent' } },
      next: { type: 'integer', minimum: 0, description: 'The seq to go on after; absent at the end of the log.' },
    },
  },
  uses: [CLOUD_EVENT],
};

export const HISTORY_PAGE: NamedSchema = {
  name: 'HistoryPage',
  schema: {
    type: 'object',
    required: ['events', 'pruned'],
    additionalProperties: false,
    properties: {
      events: { type: 'array', items: { $ref: '#/components/schemas/CloudEvent' } },
      next: { ...text, description: 'The `after` to go on with; absent when everything there is has been searched.' },
      through: { ...text, description: 'Everything up to here has been searched; what comes later is behind it.' },
      pruned: {
        type: 'integer',
        minimum: 0,
        description: 'Commits on the way that retention has emptied: nobody can say whether they held what is looked for.',
      },
    },
  },
  uses: [CLOUD_EVENT],
};

export const COMMIT_ANSWER: NamedSchema = {
  name: 'CommitAnswer',
  schema: {
    type: 'object',
    description: "A commit's header, and the project's events in it.",
    required: ['partition', 'position', 'service', 'epoch', 'recordedAtMs', 'consumed', 'answers', 'events'],
    additionalProperties: false,
    properties: {
      partition: { type: 'integer', minimum: 0 },
      position: text,
      service: text,
      epoch: { type: 'integer', minimum: 0 },
      recordedAtMs: { type: 'integer', minimum: 0 },
      consumed: {
        type: 'object',
        required: ['entry', 'commands', 'seq'],
        properties: { entry: text, commands: { type: 'integer', minimum: 0 }, seq: { type: 'integer', minimum: 0 } },
      },
      answers: { type: 'integer', minimum: 0, description: 'How many commands it answered.' },
      events: { type: 'array', items: { $ref: '#/components/schemas/CloudEvent' } },
    },
  },
  uses: [CLOUD_EVENT],
};

export const PROBLEM: NamedSchema = {
  name: 'Problem',
  schema: {
    type: 'object',
    description: 'What went wrong (RFC 9457). Programs decide by `code`.',
    required: ['type', 'title', 'status', 'detail', 'code'],
    properties: {
      type: { ...text, description: 'urn:torch:problem:<code>' },
      title: text,
      status: { type: 'integer', minimum: 400, maximum: 599 },
      detail: text,
      code: text,
      instance: { ...text, description: 'Path of the request.' },
      errors: {
        type: 'array',
        items: {
          type: 'object',
          required: ['pointer', 'message'],
          properties: { pointer: { ...text, description: 'JSON Pointer to the field at fault.' }, message: text },
        },
      },
      expectedOffset: { type: 'integer', minimum: 0, description: 'Where an output ends (wrong-offset).' },
    },
  },
};
