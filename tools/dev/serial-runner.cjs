const { default: TestRunner } = require('jest-runner');

/** For tests that start a whole Torch each: one after the other, however many workers there are. */
module.exports = class SerialRunner extends TestRunner {
  isSerial = true;
};
