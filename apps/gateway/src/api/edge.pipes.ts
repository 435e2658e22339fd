import { type ArgumentMetadata, Inject, Injectable, mixin, type PipeTransform, type Type } from '@nestjs/common';
import { type ContractClass, ID_PATTERN, NAME_PATTERN } from '@torch/contracts';
import { GATEWAY_CONFIG, type GatewayConfig } from '../gateway.config';
import { fitted, jsonObject, type JsonObject, queryFields } from './contract.pipe';
import { refusal } from './refusal';

/** A JSON object of any fields, for bodies that are completed from the path before they are checked. */
@Injectable()
export class JsonPipe implements PipeTransform<unknown, JsonObject> {
  constructor(@Inject(GATEWAY_CONFIG) private readonly limits: GatewayConfig) {}

  transform(body: unknown): JsonObject {
    return jsonObject(body, this.limits);
  }
}

/** A body that fits its contract: `@Body(bodyOf(Plan)) plan: Plan`. */
export function bodyOf<T extends object>(contract: ContractClass<T>): Type<PipeTransform<unknown, T>> {
  @Injectable()
  class BodyPipe implements PipeTransform<unknown, T> {
    constructor(@Inject(GATEWAY_CONFIG) private readonly limits: GatewayConfig) {}

    transform(body: unknown): T {
      return fitted(contract, jsonObject(body, this.limits), this.limits);
    }
  }
  return mixin(BodyPipe);
}

/** A query string that fits its contract: `@Query(queryOf(ListTasks)) query: ListTasks`. */
export function queryOf<T extends object>(contract: ContractClass<T>): Type<PipeTransform<Record<string, unknown>, T>> {
  @Injectable()
  class QueryPipe implements PipeTransform<Record<string, unknown>, T> {
    constructor(@Inject(GATEWAY_CONFIG) private readonly limits: GatewayConfig) {}

    transform(query: Record<string, unknown>): T {
      return fitted(contract, queryFields(contract, query), this.limits);
    }
  }
  return mixin(QueryPipe);
}

/** An id in the path. */
@Injectable()
export class IdPipe implements PipeTransform<string, string> {
  transform(value: string, { data: name }: ArgumentMetadata): string {
    if (ID_PATTERN.test(value)) return value;
    throw refusal(400, 'invalid-path', `The ${name} in the path must be an id of 1 to 128 letters, digits, ".", "_", ":" or "-".`);
  }
}

/** The number of an attempt in the path. */
@Injectable()
export class AttemptPipe implements PipeTransform<string, number> {
  transform(value: string): number {
    if (/^[1-9]\d{0,8}$/.test(value)) return Number(value);
    throw refusal(400, 'invalid-path', 'The attempt in the path must be a whole number from 1.');
  }
}

/** The name of something in the path: 1 to 64 lower-case letters, digits, `.`, `_` or `-`. */
@Injectable()
export class NamePipe implements PipeTransform<string, string> {
  transform(value: string, { data: name }: ArgumentMetadata): string {
    if (NAME_PATTERN.test(value)) return value;
    throw refusal(400, 'invalid-path', `The ${name} in the path must be a name of 1 to 64 lower-case letters, digits, ".", "_" or "-".`);
  }
}

/** Whatever something in the path is called: 1 to 128 characters. */
@Injectable()
export class TextPipe implements PipeTransform<string, string> {
  transform(value: string, { data: name }: ArgumentMetadata): string {
    if (value.length >= 1 && value.length <= 128) return value;
    throw refusal(400, 'invalid-path', `The ${name} in the path must have 1 to 128 characters.`);
  }
}

/** One of a few words in the path: `@Param('scope', oneOf(LIMIT_SCOPES)) scope: LimitScope`. */
export function oneOf<Word extends string>(words: readonly Word[]): Type<PipeTransform<string, Word>> {
  @Injectable()
  class WordPipe implements PipeTransform<string, Word> {
    transform(value: string, { data: name }: ArgumentMetadata): Word {
      const found = words.find((word) => word === value);
      if (found) return found;
      throw refusal(400, 'invalid-path', `The ${name} in the path must be one of ${words.join(', ')}, but is "${value.slice(0, 64)}".`);
    }
  }
  return mixin(WordPipe);
}
