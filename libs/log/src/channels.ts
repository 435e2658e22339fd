/** Where an instance hears the answers to what it asked. */
export const repliesChannel = (instance: string): string => `replies:${instance}`;

/** Where the owner of a partition hears queries. @param partition its number; in access rules `*`, for all of them. */
export const requestsChannel = (partition: number | '*', service: string): string =>
  `{p${String(partition).padStart(partition === '*' ? 1 : 2, '0')}}:requests:${service}`;
