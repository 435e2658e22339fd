import 'reflect-metadata';
import { runService } from '@torch/platform';
import { SpawnerModule } from './spawner.module';

void runService('spawner', SpawnerModule);
