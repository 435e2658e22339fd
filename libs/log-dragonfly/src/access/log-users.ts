import { SERVICE_NAMES, type ServiceName } from '@torch/contracts';

/** Who may speak to the log server: one user for each service, and one that only reads. */
export type LogUser = `torch-${ServiceName}` | typeof READER;

/** For people and their tools: `torch log replay` and whatever else reads the log itself. */
export const READER = 'torch-reader';

export const userOf = (service: ServiceName): LogUser => `torch-${service}`;

export const LOG_USERS: readonly LogUser[] = [...SERVICE_NAMES.map(userOf), READER];

/** The password of each user. */
export type LogPasswords = Readonly<Record<LogUser, string>>;
