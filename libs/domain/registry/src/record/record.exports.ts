export { AttemptLedger, LEDGER_SORTED_BY, type LedgerLists } from './attempt-ledger';
export { ALL, countAttempt, type Outcome, successRate, type Tallies, type Tally, tallyOf, trackRecord } from './tallies';
