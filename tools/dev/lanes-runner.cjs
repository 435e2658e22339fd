const { default: TestRunner } = require('jest-runner');

/** Starts a whole Torch, with real processes on the real clock. */
const JOURNEY = /\.e2e\.spec\.ts$/;
/** Knows no clock but its own: rules, and worlds on virtual time. */
const TIMELESS = /\/(libs\/domain|libs\/kernel|tools\/simulator)\//;

/** The variable that the workers of the timeless tests have, and `low-priority.cjs` looks for. */
const PRIORITY = 'TORCH_TEST_PRIORITY';

/**
 * Journeys run one after the other, however many workers there are. They wait more than they work, so the timeless tests
 * run beside them at a low priority, with what they leave of the machine. The rest comes when they are over, on all workers.
 */
module.exports = class LanesRunner {
  supportsEventEmitters = true;

  constructor(globalConfig, context) {
    const lane = (maxWorkers) => new TestRunner({ ...globalConfig, maxWorkers }, context);
    this.maxWorkers = globalConfig.maxWorkers;
    this.journeys = lane(1);
    this.timeless = lane(1);
    this.rest = lane(this.maxWorkers);
  }

  on(event, listener) {
    const stops = [this.journeys, this.timeless, this.rest].map((lane) => lane.on(event, listener));
    return () => stops.forEach((stop) => stop());
  }

  async runTests(tests, watcher, options) {
    const journeys = tests.filter(({ path }) => JOURNEY.test(path));
    // With one worker, everything runs one after the other anyway.
    if (options.serial || this.maxWorkers < 2 || journeys.length === 0) return this.rest.runTests(tests, watcher, options);
    const others = tests.filter((test) => !journeys.includes(test));
    const timeless = others.filter(({ path }) => TIMELESS.test(path));
    const beside = this.beside(timeless, watcher, options);
    await this.journeys.runTests(journeys, watcher, options);
    const rest = others.filter((test) => !timeless.includes(test));
    await Promise.all([beside, this.rest.runTests(rest, watcher, options)]);
  }

  /** A worker gets the environment of the moment in which it is started. */
  beside(tests, watcher, options) {
    process.env[PRIORITY] = 'low';
    try {
      return this.timeless.runTests(tests, watcher, options);
    } finally {
      delete process.env[PRIORITY];
    }
  }
};
