/**
 * Path claims: who works on which paths. Held by the attempts of tasks, for which the scheduler asks, and by agents that ask for more
 * while they work, with a lease.
 *
 * No deadlock can form, since nobody waits for a claim while holding one. A task waits for all its paths with empty hands, and is
 * given all of them in the one event that assigns it. An agent is never kept waiting: it gets everything it asks for at once, or a
 * refusal that names the holder, or the task for which the paths are kept. So no circle of waiting closes, and each claim ends with its
 * attempt, its agent or its lease.
 *
 * Nobody starves: what a task has waited for long enough is kept for it, see `precedence.ts`. Room in semaphores is taken all at once by
 * a task of several as paths are, and is kept for it in the same order: one order for both is what keeps circles from closing.
 */
export { claimFacts } from './claims.evolve';
export { claimGate } from './claims.gate';
export { KeptRoom } from './kept-room';
export { CLAIMS_PAGE_DEFAULT, getClaim, listClaims } from './claims.reads';
export { claimRules } from './claims.rules';
export { Claims } from './claims.state';
export { claimsTopic } from './claims.topic';
