import 'reflect-metadata';
import { runService } from '@torch/platform';
import { configureGateway } from './configure-gateway';
import { GatewayModule } from './gateway.module';

void runService('gateway', GatewayModule, { configure: configureGateway });
