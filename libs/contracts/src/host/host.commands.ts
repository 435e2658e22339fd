import type { CommandContract, ServiceName } from '../contract';

/** Tries a project again that the service has quarantined: its state is built anew, and what was missed is made up for. */
export class ReleaseProject {}

/** Commands that the host of any service decides; the caller names which. */
export const hostCommands = {
  releaseProject: (service: ServiceName): CommandContract<'ReleaseProject', ReleaseProject> => ({
    kind: 'command',
    type: 'ReleaseProject',
    service,
    data: ReleaseProject,
  }),
} as const;

/** The contract of a command that any service's host decides; undefined for every other type. */
export const hostCommandContract = (type: string, service: ServiceName): CommandContract | undefined =>
  type === 'ReleaseProject' ? hostCommands.releaseProject(service) : undefined;
