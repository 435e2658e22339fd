import { Injectable, type PipeTransform } from '@nestjs/common';
import { type ContractClass, fieldProblem } from '@torch/contracts';
import { RequestInvalid } from './request.errors';

/**
 * Checks a body against its contract class: `@Body(new ContractPipe(Plan)) plan: Plan`.
 *
 * By the contract's schema and on the plain value, as the log's edge does: class-transformer would drop keys such as
 * `constructor`, or fail on them, before anybody could refuse them.
 * @throws RequestInvalid naming the field.
 */
@Injectable()
export class ContractPipe<T extends object> implements PipeTransform<unknown, T> {
  constructor(private readonly contract: ContractClass<T>) {}

  transform(value: unknown): T {
    const problem = fieldProblem(this.contract, value ?? {});
    if (problem) throw new RequestInvalid([problem]);
    return (value ?? {}) as T;
  }
}
