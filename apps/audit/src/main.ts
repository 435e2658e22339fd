import 'reflect-metadata';
import { runService } from '@torch/platform';
import { AuditModule } from './audit.module';

void runService('audit', AuditModule);
