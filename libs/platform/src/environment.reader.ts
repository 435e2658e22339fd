/**
 * Reads variables and gathers what is wrong with them, so that a start fails once and names everything. An empty variable
 * counts as not set.
 */
export class EnvironmentReader {
  readonly problems: string[] = [];

  constructor(private readonly variables: NodeJS.ProcessEnv) {}

  text(name: string): string | undefined {
    const value = this.variables[name]?.trim();
    return value === '' ? undefined : value;
  }

  required<T>(name: string, example: string, read: () => T | undefined): T | undefined {
    if (this.text(name) !== undefined) return read();
    this.problems.push(`${name} is not set; it takes a value such as ${example}.`);
    return undefined;
  }

  whole(name: string, { min, max }: { min: number; max: number }): number | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const number = /^\d+$/.test(value) ? Number(value) : Number.NaN;
    if (number >= min && number <= max) return number;
    return this.refuse(name, value, `a whole number from ${min} to ${max}`);
  }

  oneOf<T extends string>(name: string, values: readonly T[]): T | undefined {
    const value = this.text(name);
    if (value === undefined || values.includes(value as T)) return value as T | undefined;
    return this.refuse(name, value, `one of ${values.join(', ')}`);
  }

  /** The address without a slash at its end. What is refused is not shown: it may hold a password. */
  url(name: string, protocols: readonly string[]): string | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    if (URL.canParse(value) && protocols.includes(new URL(value).protocol) && new URL(value).hostname !== '')
      return value.replace(/\/+$/, '');
    this.problems.push(`${name} takes an address that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}.`);
    return undefined;
  }

  /** Bytes in base64url. Never shown. */
  secret(name: string, bytesMin: number): Uint8Array | undefined {
    const value = this.text(name);
    if (value === undefined) return undefined;
    const bytes = /^[\w-]+={0,2}$/.test(value) ? Buffer.from(value, 'base64url') : Buffer.alloc(0);
    if (bytes.length >= bytesMin) return new Uint8Array(bytes);
    this.problems.push(`${name} takes at least ${bytesMin} random bytes in base64url.`);
    return undefined;
  }

  private refuse(name: string, value: string, allowed: string): undefined {
    this.problems.push(`${name} is "${value}"; it takes ${allowed}.`);
    return undefined;
  }
}
