/**
 * What an acknowledgement promises. `memory`: the log server has it. `replicated`: its replicas too. `archived`: it is on the
 * archive's disk and survives the loss of everything that the log server has.
 */
export const DURABILITIES = ['memory', 'replicated', 'archived'] as const;
export type Durability = (typeof DURABILITIES)[number];
