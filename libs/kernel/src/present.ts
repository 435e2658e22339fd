/**
 * The object without the fields that are undefined. JSON has no such fields, a comparison would count them, and spread over
 * defaults they would hide these.
 */
export function present<T extends object>(fields: T): T {
  const kept: Partial<T> = {};
  for (const name in fields) if (fields[name] !== undefined) kept[name] = fields[name];
  return kept as T;
}
