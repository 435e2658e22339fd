import { Body, Controller, Get, Inject, Param, Post, Query } from '@nestjs/common';
import { type AckMessage, Commands, Inbox, MessageView, Queries, SendMessage } from '@torch/contracts';
import type { Admission } from '@torch/host';
import { Rejection } from '@torch/kernel';
import { NotFound, type Principal } from '@torch/platform';
import { Owners } from '../adapters/owners.adapter';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { bodySchema, Operation } from '../openapi/operation.decorator';
import { derivedId, partOf } from './admission';
import { fitted, type JsonObject } from './contract.pipe';
import { fencedWhenUnknown } from './fenced-message';
import { type AckRefused, AcksAnswer, AcksBody, InboxQuery, MessageAccepted, PositionAnswer } from './edge.contracts';
import { IdPipe, JsonPipe, queryOf } from './edge.pipes';
import { Admitted, Caller } from './request-context';

const WRITE = { status: 202, answer: PositionAnswer, idempotent: true } as const;

@Controller('v1/projects/:project')
export class MessagesController {
  constructor(
    private readonly owners: Owners,
    @Inject(GATEWAY_CONFIG) private readonly config: GatewayConfig,
  ) {}

  @Operation({
    summary: 'Sends a message to an agent, to @<role>, to @all or to the operator.',
    status: 202,
    body: bodySchema(SendMessage, { without: [], optional: ['messageId'] }),
    answer: MessageAccepted,
    idempotent: true,
  })
  @Post('messages')
  async send(@Admitted() admission: Admission, @Body(JsonPipe) body: JsonObject): Promise<MessageAccepted> {
    const data = fitted(SendMessage, { messageId: derivedId('msg', admission.idempotencyId), ...body }, this.config);
    const { position } = await this.owners.command(Commands.SendMessage, admission, data);
    return { messageId: data.messageId, position };
  }

  @Operation({ summary: 'How far a message has got with each of its recipients.', answer: MessageView })
  @Get('messages/:messageId')
  async get(@Param('project') project: string, @Param('messageId', IdPipe) messageId: string): Promise<MessageView> {
    const message = await this.owners.query(Queries.GetMessage, project, { messageId });
    if (!message.found) throw new NotFound('unknown-message', `There is no message "${messageId}".`);
    return message;
  }

  @Operation({ summary: 'What a recipient has not acknowledged yet, oldest first.', query: InboxQuery, answer: Inbox })
  @Get('inboxes/:recipient')
  inbox(
    @Param('project') project: string,
    @Caller() caller: Principal,
    @Param('recipient', IdPipe) recipient: string,
    @Query(queryOf(InboxQuery)) query: InboxQuery,
  ): Promise<Inbox> {
    caller.requireAgent(recipient);
    return this.owners.query(Queries.GetInbox, project, { recipient, ...query });
  }

  @Operation({ summary: 'The recipient has the message.', ...WRITE })
  @Post('inboxes/:recipient/:messageId/delivered')
  delivered(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('recipient', IdPipe) recipient: string,
    @Param('messageId', IdPipe) messageId: string,
  ): Promise<PositionAnswer> {
    caller.requireAgent(recipient);
    return fencedWhenUnknown(this.owners, admission, { messageId, recipient, step: 'delivered' }, () =>
      this.owners.command(Commands.ConfirmDelivered, admission, { messageId, recipient }),
    );
  }

  @Operation({ summary: 'The recipient has dealt with the message.', ...WRITE })
  @Post('inboxes/:recipient/:messageId/ack')
  ack(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('recipient', IdPipe) recipient: string,
    @Param('messageId', IdPipe) messageId: string,
  ): Promise<PositionAnswer> {
    caller.requireAgent(recipient);
    return this.acked(admission, { messageId, recipient });
  }

  @Operation({
    summary: 'The recipient has dealt with several messages. Says of each that was refused why; the others are acknowledged.',
    status: 202,
    body: AcksBody,
    answer: AcksAnswer,
    idempotent: true,
  })
  @Post('inboxes/:recipient/acks')
  async acks(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('recipient', IdPipe) recipient: string,
    @Body(JsonPipe) body: JsonObject,
  ): Promise<AcksAnswer> {
    caller.requireAgent(recipient);
    const { messageIds } = fitted(AcksBody, body, this.config);
    const refused = await Promise.all(
      messageIds.map(async (messageId): Promise<AckRefused[]> => {
        const idempotencyId = partOf(admission.idempotencyId, messageId);
        try {
          await this.acked({ ...admission, idempotencyId }, { messageId, recipient });
          return [];
        } catch (error) {
          if (error instanceof Rejection) return [{ messageId, code: error.code, detail: error.message }];
          throw error;
        }
      }),
    );
    return { refused: refused.flat() };
  }

  private acked(admission: Admission, delivery: AckMessage) {
    return fencedWhenUnknown(this.owners, admission, { ...delivery, step: 'acked' }, () =>
      this.owners.command(Commands.AckMessage, admission, delivery),
    );
  }
}
