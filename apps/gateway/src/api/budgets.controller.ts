import { Body, Controller, Get, Param, Put, Query } from '@nestjs/common';
import { BUDGET_SCOPES, BudgetList, type BudgetScope, Commands, GetUsage, Queries, UsageFound } from '@torch/contracts';
import type { Admission } from '@torch/host';
import type { Principal } from '@torch/platform';
import { Owners } from '../adapters/owners.adapter';
import { Operation } from '../openapi/operation.decorator';
import { PositionAnswer } from './edge.contracts';
import { bodyOf, oneOf, queryOf, TextPipe } from './edge.pipes';
import { requirePerson } from './principal';
import { refusal } from './refusal';
import { Admitted, Caller } from './request-context';
import { BudgetBody } from './rules.contracts';

const BudgetScopePipe = oneOf(BUDGET_SCOPES);
const WRITE = { body: BudgetBody, answer: PositionAnswer, idempotent: true } as const;

/** What a project may spend, and what it has spent. */
@Controller('v1/projects/:project')
export class BudgetsController {
  constructor(private readonly owners: Owners) {}

  @Operation({ summary: 'What was used, by what the query says; the largest first.', query: GetUsage, answer: UsageFound })
  @Get('usage')
  usage(@Param('project') project: string, @Query(queryOf(GetUsage)) query: GetUsage): Promise<UsageFound> {
    return this.owners.query(Queries.GetUsage, project, query);
  }

  @Operation({ summary: 'Budgets, and how much of each is used and reserved.', answer: BudgetList })
  @Get('budgets')
  list(@Param('project') project: string): Promise<BudgetList> {
    return this.owners.query(Queries.ListBudgets, project, {});
  }

  @Operation({ summary: 'Sets the budget of the project, or of each of its days (UTC).', ...WRITE })
  @Put('budgets/:scope')
  set(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('scope', BudgetScopePipe) scope: BudgetScope,
    @Body(bodyOf(BudgetBody)) { limit }: BudgetBody,
  ): Promise<PositionAnswer> {
    requirePerson(caller, 'set budgets');
    if (scope === 'agent')
      throw refusal(422, 'budget-name-missing', 'A budget of scope agent is for an agent: put its id behind the scope, or * for each.');
    return this.write(admission, { scope, limit });
  }

  @Operation({ summary: 'Sets the budget of an agent, or with * of each that has none of its own.', ...WRITE })
  @Put('budgets/:scope/:name')
  setNamed(
    @Admitted() admission: Admission,
    @Caller() caller: Principal,
    @Param('scope', BudgetScopePipe) scope: BudgetScope,
    @Param('name', TextPipe) name: string,
    @Body(bodyOf(BudgetBody)) { limit }: BudgetBody,
  ): Promise<PositionAnswer> {
    requirePerson(caller, 'set budgets');
    if (scope !== 'agent')
      throw refusal(422, 'budget-name-unwanted', `There is one budget of scope ${scope}: leave the name "${name}" out of the path.`);
    return this.write(admission, { scope, name, limit });
  }

  private write(admission: Admission, data: BudgetBody & { scope: BudgetScope; name?: string }): Promise<PositionAnswer> {
    return this.owners.command(Commands.SetBudget, admission, data);
  }
}
