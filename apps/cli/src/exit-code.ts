/** What the command tells its caller. */
export const EXIT = {
  done: 0,
  /** The work failed, or Torch said no. */
  failed: 1,
  /** Wrong arguments, or a plan that is not one. */
  usage: 2,
  /** Torch is not reachable. */
  unreachable: 3,
  /** Ctrl-C. What was submitted goes on. */
  interrupted: 130,
} as const;
