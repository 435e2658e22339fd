export { Approvals } from './approvals.state';
export { approvalRules } from './approvals.rules';
export { approvalFacts } from './approvals.evolve';
export { APPROVALS_PAGE_DEFAULT, getApproval, listApprovals } from './approvals.reads';
export { approvalsTopic } from './approvals.topic';
export { waitsForAnswer } from './lease';
