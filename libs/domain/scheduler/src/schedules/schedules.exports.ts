export { Schedules } from './schedules.state';
export { scheduleRules } from './schedules.rules';
export { scheduleFacts } from './schedules.evolve';
export { listSchedules } from './schedules.reads';
export { schedulesTopic } from './schedules.topic';
