import 'reflect-metadata';
import { NotaryModule } from './notary.fixture';
import { runService } from './run-service';

// Stands for whatever does not come to an end by itself.
const hang = { beforeApplicationShutdown: () => new Promise(() => undefined) };
if (process.env.HANG === 'yes') Object.assign(NotaryModule.prototype, hang);

// What is thrown need not be an error.
if (process.env.UNCAUGHT === 'yes') void Promise.reject({ status: 3 });

void runService(process.env.AS_GATEWAY === 'yes' ? 'gateway' : 'audit', NotaryModule);
