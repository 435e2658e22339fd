import { describeLogServer } from '@torch/log/contract';
import { startLogServer, type TestLogServer } from '@torch/testing';
import { openSubject } from './testing/log-server-subject';

/** Set it to run the contract against a running server, which may be any that Torch works with. */
const externalUrl = process.env.TORCH_TEST_LOG_URL;
let started: TestLogServer | undefined;

beforeAll(async () => {
  if (!externalUrl) started = await startLogServer();
});
afterAll(async () => started?.stop());

describeLogServer('a real log server', async () => openSubject(externalUrl ?? (started as TestLogServer).url));
