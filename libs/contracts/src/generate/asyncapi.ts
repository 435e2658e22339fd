import { type CommandContract, type EventContract, HOST, SERVICE_NAMES, type ServiceName } from '../contract';
import { closureOf, type JsonSchema, objectSchema } from '../json-schema';
import { COMMANDS, EVENTS } from '../registry-of-contracts';
import { commandSchema, commitSchema, eventSchema } from './envelope.schema';
import { eventSchemaId } from './schema-files';

const REFS = '#/components/schemas/';
const VERSION = '0.1.0';

interface Ref {
  readonly $ref: string;
}

const deciding = SERVICE_NAMES.filter((service) => COMMANDS.some((contract) => contract.service === service));
const eventMessage = ({ type, v }: Pick<EventContract, 'type' | 'v'>): string => `${type}.v${v}`;
const queueChannel = (service: ServiceName): string => `commands.${service}`;
const capital = (service: ServiceName): string => service.charAt(0).toUpperCase() + service.slice(1);

/** The AsyncAPI 3.0 document of the log: its keys as channels, its events and commands as messages. */
export function asyncApiDocument(): JsonSchema {
  return {
    asyncapi: '3.0.0',
    info: {
      title: 'Torch log',
      version: VERSION,
      description:
        'One append-only log and one command queue for each service in every partition. A log entry is a commit: one or more events, appended at once. ' +
        'A queue entry is a JSON array of commands that one sender sent together.',
      license: { name: 'Apache-2.0' },
    },
    defaultContentType: 'application/json',
    channels: { log: logChannel(), ...Object.fromEntries(deciding.map((service) => [queueChannel(service), queue(service)])) },
    operations: { ...Object.fromEntries(SERVICE_NAMES.flatMap(operationsOf)) },
    components: { messages: messages(), schemas: schemas() },
  };
}

const partition = {
  partition: {
    description: 'The partition between braces, which are part of the key: a hash tag that keeps the keys of a partition on one shard.',
    examples: ['{p00}', '{p07}'],
  },
};

function logChannel(): JsonSchema {
  return {
    address: 'nova:torch:{partition}:log',
    title: 'The log of one partition',
    description: 'Totally ordered. The id of an entry is <seq>-<generation>; its commit holds the events below, in order.',
    parameters: partition,
    messages: refs('#/components/messages/', ['commit', ...EVENTS.map(eventMessage)]),
  };
}

function queue(service: ServiceName): JsonSchema {
  return {
    address: `nova:torch:{partition}:commands:${service}`,
    title: `Commands for the owner of ${service}`,
    parameters: partition,
    messages: refs('#/components/messages/', typesFor(service)),
  };
}

function refs(prefix: string, names: readonly string[]): Record<string, Ref> {
  return Object.fromEntries(names.map((name) => [name, { $ref: prefix + name }]));
}

const typesFor = (service: ServiceName): string[] => COMMANDS.filter((contract) => contract.service === service).map(({ type }) => type);

/** What each service does with the channels; the gateway sends the commands of people and agents to whoever decides them. */
function operationsOf(service: ServiceName): [string, JsonSchema][] {
  const on = (channel: string, names: readonly string[]): JsonSchema => ({
    channel: { $ref: `#/channels/${channel}` },
    messages: names.map((name) => ({ $ref: `#/channels/${channel}/messages/${name}` })),
  });
  const events = EVENTS.filter((contract) => contract.service === service || contract.service === HOST).map(eventMessage);
  const appends =
    events.length > 0 ? [entry(`${service}Appends`, 'send', `Appends what ${service} decided.`, on('log', ['commit', ...events]))] : [];
  const decides = deciding.includes(service)
    ? [entry(`${service}Decides`, 'receive', `Decides the commands of ${service}.`, on(queueChannel(service), typesFor(service)))]
    : [];
  const admits =
    service === 'gateway'
      ? deciding.map((to) =>
          entry(`gatewaySendsTo${capital(to)}`, 'send', `Passes on admitted commands.`, on(queueChannel(to), typesFor(to))),
        )
      : [];
  const reads = entry(`${service}Reads`, 'receive', `Tails the whole log and takes in what it subscribes to.`, on('log', ['commit']));
  return [reads, ...appends, ...decides, ...admits];
}

const entry = (name: string, action: 'send' | 'receive', summary: string, rest: JsonSchema): [string, JsonSchema] => [
  name,
  { action, summary, ...rest },
];

function messages(): Record<string, JsonSchema> {
  const message = (name: string, payload: string, more: JsonSchema = {}): [string, JsonSchema] => [
    name,
    { name, ...more, payload: { $ref: REFS + payload } },
  ];
  return Object.fromEntries([
    message('commit', 'Commit', { title: 'One entry of the log' }),
    ...EVENTS.map((contract) => {
      const name = eventMessage(contract);
      return message(name, name, {
        title: `${contract.type}, version ${contract.v}`,
        'x-dataschema': eventSchemaId(contract.type, contract.v),
      });
    }),
    ...COMMANDS.map(({ type }) => message(type, `${type}.command`)),
  ]);
}

function schemas(): Record<string, JsonSchema> {
  const classes = closureOf([...EVENTS, ...COMMANDS].map(({ data }: EventContract | CommandContract) => data));
  return Object.fromEntries([
    ['Commit', commitSchema(EVENTS.map(eventMessage), SERVICE_NAMES, REFS)],
    ...EVENTS.map((contract) => [eventMessage(contract), eventSchema(contract, REFS)]),
    ...COMMANDS.map((contract) => [`${contract.type}.command`, commandSchema(contract, REFS)]),
    ...classes.map((contract) => [contract.name, objectSchema(contract, REFS)]),
  ]) as Record<string, JsonSchema>;
}
