/** Where an agent says what it is doing. Fields are flat and hold no secrets. */
export type AgentLog = (level: 'info' | 'warn' | 'error', message: string, fields?: Readonly<Record<string, unknown>>) => void;

/** One JSON object a line on stdout, as Torch's services write them. */
export const jsonLinesLog =
  (constant: Readonly<Record<string, unknown>> = {}): AgentLog =>
  (level, message, fields) => {
    process.stdout.write(`${JSON.stringify({ level, time: Date.now(), ...constant, ...fields, msg: message })}\n`);
  };

export const messageOf = (error: unknown): string => String((error as { message?: unknown } | undefined)?.message ?? error);
