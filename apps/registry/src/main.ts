import 'reflect-metadata';
import { runService } from '@torch/platform';
import { RegistryModule } from './registry.module';

void runService('registry', RegistryModule);
