import 'reflect-metadata';
import { runService } from '@torch/platform';
import { SchedulerModule } from './scheduler.module';

void runService('scheduler', SchedulerModule);
