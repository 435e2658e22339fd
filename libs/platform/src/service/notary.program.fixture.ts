import 'reflect-metadata';
import { NotaryModule } from './notary.fixture';
import { runService } from './run-service';

// Stands for whatever does not come to an end by itself.
const hang = { beforeApplicationShutdown: () => new Promise(() => undefined) };
if (process.env.HANG === 'yes') Object.assign(NotaryModule.prototype, hang);

void runService(process.env.AS_GATEWAY === 'yes' ? 'gateway' : 'audit', NotaryModule);
