import { AtMs, Describe, Name, OneOf, Optional, Text, Whole } from '../field';

export const ACCESS_KINDS = ['read', 'write'] as const;
export type AccessKind = (typeof ACCESS_KINDS)[number];

/** Longest `caller`: a kind and an id. */
export const CALLER_CHARS_MAX = 256;
export const REFUSAL_DETAIL_CHARS_MAX = 500;

/** In place of method, route and code of refusals that were counted and not told apart, since there were too many kinds of them. */
export const REFUSALS_TOO_MANY = { method: '*', route: '*', code: 'too-many-kinds' } as const;

/** Somebody used a project: once for each caller, kind of access and window, however many requests there were. */
export class AccessGrant {
  @Text({ min: 1, max: CALLER_CHARS_MAX }) caller!: string;
  @OneOf(ACCESS_KINDS) access!: AccessKind;
  @Describe('Where the first request came from: the /24 of an IPv4 address, the /48 of an IPv6 address.')
  @Optional()
  @Text({ min: 1, max: 64 })
  network?: string;
  @Describe('The first request of the window.') @AtMs() firstAtMs!: number;
  @Describe('Until then, further requests are covered by this.') @AtMs() windowEndsAtMs!: number;
}

/** Requests that were turned away alike: same caller, method, route and code, in one window. */
export class AccessRefusal {
  @Describe('As the token proved it; absent when nothing proved anybody.')
  @Optional()
  @Text({ min: 1, max: CALLER_CHARS_MAX })
  caller?: string;
  @Text({ min: 1, max: 16 }) method!: string;
  @Describe('The pattern of the address, such as /v1/projects/:project/runs.') @Text({ min: 1, max: 256 }) route!: string;
  @Name() code!: string;
  @Describe('What the first of them was told.') @Text({ max: REFUSAL_DETAIL_CHARS_MAX }) detail!: string;
  @Describe('Where the first of them came from: the /24 of an IPv4 address, the /48 of an IPv6 address.')
  @Optional()
  @Text({ min: 1, max: 64 })
  network?: string;
  @Whole({ min: 1 }) count!: number;
  @AtMs() firstAtMs!: number;
  @AtMs() lastAtMs!: number;
}
