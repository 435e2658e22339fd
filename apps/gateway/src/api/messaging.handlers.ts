import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import { commandTypesOf, type GetInbox, type GetMessage, type Inbox, type MessageView } from '@torch/contracts';
import { inbox, messageView, type MessagingState } from '@torch/domain-messaging';
import type { Decision, Reading, Turn } from '@torch/host';
import type { AnyCommand } from '@torch/kernel';

/** The owner of messaging: what is asked of it over the log's transport. */
@Controller()
export class MessagingHandlers {
  @MessagePattern(commandTypesOf('gateway'))
  decide(@Payload() command: AnyCommand, @Ctx() turn: Turn<MessagingState>): Decision {
    return turn.decide(command);
  }

  @MessagePattern('GetInbox')
  getInbox(@Payload() query: GetInbox, @Ctx() { state }: Reading<MessagingState>): Inbox {
    return inbox(state, query);
  }

  @MessagePattern('GetMessage')
  getMessage(@Payload() query: GetMessage, @Ctx() { state }: Reading<MessagingState>): MessageView {
    return messageView(state, query);
  }
}
