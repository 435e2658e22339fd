/** Without the fields that have no value: JSON would drop them, and so they must not count in a comparison. */
export function present<T extends object>(value: T): T {
  const kept: Record<string, unknown> = {};
  for (const key in value) if (value[key] !== undefined) kept[key] = value[key];
  return kept as T;
}
