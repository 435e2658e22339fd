const { constants, getPriority, setPriority } = require('node:os');

const { PRIORITY_BELOW_NORMAL } = constants.priority;

// For a worker beside the journeys, and for what it starts (see lanes-runner.cjs).
if (process.env.TORCH_TEST_PRIORITY === 'low' && getPriority() < PRIORITY_BELOW_NORMAL) setPriority(PRIORITY_BELOW_NORMAL);
