/** Before which moment, epoch ms, each project's commits have expired. What is not here does not expire. */
export type Expiry = ReadonlyMap<string, number>;

interface ReadCommit {
  readonly recordedAtMs?: unknown;
  readonly events?: unknown;
  readonly answers?: unknown;
}

/**
 * Whether all that a commit tells of has expired: its events, and its answers, whose ids begin with their project. A commit
 * that tells of no project is no project's to expire, and what is not a commit stays.
 */
export function isExpired(body: string, expiry: Expiry): boolean {
  const { recordedAtMs, events, answers } = read(body);
  if (typeof recordedAtMs !== 'number' || !Array.isArray(events)) return false;
  const projects = [...events.map(projectOf), ...(Array.isArray(answers) ? answers.map(projectOfAnswer) : [])];
  return projects.length > 0 && projects.every((project) => project !== undefined && recordedAtMs < (expiry.get(project) ?? -Infinity));
}

const projectOf = (event: unknown): string | undefined => {
  const project = (event as { project?: unknown } | null)?.project;
  return typeof project === 'string' ? project : undefined;
};

const projectOfAnswer = (answer: unknown): string | undefined => {
  const id: unknown = Array.isArray(answer) ? answer[0] : undefined;
  return typeof id === 'string' && id.includes('/') ? id.slice(0, id.indexOf('/')) : undefined;
};

function read(body: string): ReadCommit {
  try {
    const commit: unknown = JSON.parse(body);
    return commit !== null && typeof commit === 'object' ? commit : {};
  } catch {
    return {};
  }
}
