import { Module } from '@nestjs/common';
import { messagingDecider } from '@torch/domain-messaging';
import { TorchModule } from '@torch/platform';
import { MessagingHandlers } from './api/messaging.handlers';
import { EdgeModule } from './edge.module';

@Module({
  imports: [TorchModule.forService({ service: 'gateway', decider: messagingDecider }), EdgeModule],
  controllers: [MessagingHandlers],
})
export class GatewayModule {}
