export { AttemptLedger } from './attempt-ledger';
export { ALL, countAttempt, DECAY, type Outcome, successRate, type Tallies, type Tally, tallyOf, trackRecord } from './tallies';
