import { Controller } from '@nestjs/common';
import { Ctx, MessagePattern, Payload } from '@nestjs/microservices';
import type {
  ApprovalFound,
  ApprovalList,
  BudgetList,
  ClaimAnswer,
  ClaimList,
  ExplainTask,
  GetApproval,
  GetClaim,
  GetUsage,
  LimitList,
  ListApprovals,
  ListClaims,
  ScheduleList,
  TaskExplanation,
  UsageFound,
} from '@torch/contracts';
import {
  explainTask,
  getApproval,
  getClaim,
  getUsage,
  listApprovals,
  listBudgets,
  listClaims,
  listLimits,
  listSchedules,
  type SchedulerState,
} from '@torch/domain-scheduler';
import type { Reading } from '@torch/host';

/** What is asked of the scheduler beside tasks and runs: limits, claims, approvals, budgets, schedules, and why a task waits. */
@Controller()
export class TopicHandlers {
  @MessagePattern('ExplainTask')
  explainTask(@Payload() { taskId }: ExplainTask, @Ctx() { state, nowMs }: Reading<SchedulerState>): TaskExplanation {
    return { explanation: explainTask(state, taskId, nowMs) };
  }

  @MessagePattern('ListLimits')
  listLimits(@Ctx() { state, nowMs }: Reading<SchedulerState>): LimitList {
    return listLimits(state, nowMs);
  }

  @MessagePattern('GetClaim')
  getClaim(@Payload() query: GetClaim, @Ctx() { state }: Reading<SchedulerState>): ClaimAnswer {
    return getClaim(state, query);
  }

  @MessagePattern('ListClaims')
  listClaims(@Payload() query: ListClaims, @Ctx() { state }: Reading<SchedulerState>): ClaimList {
    return listClaims(state, query);
  }

  @MessagePattern('ListApprovals')
  listApprovals(@Payload() query: ListApprovals, @Ctx() { state }: Reading<SchedulerState>): ApprovalList {
    return listApprovals(state, query);
  }

  @MessagePattern('GetApproval')
  getApproval(@Payload() query: GetApproval, @Ctx() { state }: Reading<SchedulerState>): ApprovalFound {
    return getApproval(state, query);
  }

  @MessagePattern('GetUsage')
  getUsage(@Payload() query: GetUsage, @Ctx() { state, nowMs }: Reading<SchedulerState>): UsageFound {
    return getUsage(state, query, nowMs);
  }

  @MessagePattern('ListBudgets')
  listBudgets(@Ctx() { state, nowMs }: Reading<SchedulerState>): BudgetList {
    return listBudgets(state, nowMs);
  }

  @MessagePattern('ListSchedules')
  listSchedules(@Ctx() { state }: Reading<SchedulerState>): ScheduleList {
    return listSchedules(state);
  }
}
