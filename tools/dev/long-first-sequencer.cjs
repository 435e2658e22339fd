const { default: TestSequencer } = require('@jest/test-sequencer');

/** What takes longest, first: a checkout that has never run its tests knows no times, and a long one at the end leaves a core idle. */
const LONG = [/\/tools\/simulator\//, /\.prop\.spec\.ts$/, /\/repository\/.*\.int\.spec\.ts$/, /\.int\.spec\.ts$/];

const rankOf = (path) => LONG.findIndex((pattern) => pattern.test(path)) + 1 || LONG.length + 1;

module.exports = class LongFirstSequencer extends TestSequencer {
  sort(tests) {
    const sorted = [...super.sort(tests)];
    if (sorted.some((test) => this.time(test) !== undefined)) return sorted;
    return sorted.sort((a, b) => rankOf(a.path) - rankOf(b.path));
  }
};
