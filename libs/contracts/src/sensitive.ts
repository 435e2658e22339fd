import { type ContractClass, fieldsOf } from './field';

interface SensitiveField {
  readonly name: string;
  /** Absent: the field itself is the text. */
  readonly inner?: ContractClass;
}

const fieldsByContract = new WeakMap<ContractClass, readonly SensitiveField[]>();

/** The fields of a contract that are sensitive, or hold objects with such fields. */
function sensitiveFields(contract: ContractClass): readonly SensitiveField[] {
  let found = fieldsByContract.get(contract);
  if (!found) {
    fieldsByContract.set(contract, []); // A contract within itself adds nothing of its own.
    found = [...fieldsOf(contract)].flatMap(([name, { schema, sensitive }]) => {
      if (sensitive) return [{ name }];
      const inner = (schema.contract ?? schema.items?.contract)?.();
      return inner && sensitiveFields(inner).length > 0 ? [{ name, inner }] : [];
    });
    fieldsByContract.set(contract, found);
  }
  return found;
}

/** Whether data of the contract can have a sensitive text anywhere in it. */
export const holdsSensitive = (contract: ContractClass): boolean => sensitiveFields(contract).length > 0;

/** The data with `map` of every sensitive text in place of it. What is changed is copied. */
export function mapSensitive<Data>(contract: ContractClass, data: Data, map: (text: string) => string): Data {
  const fields = sensitiveFields(contract);
  if (fields.length === 0 || data === null || typeof data !== 'object') return data;
  const copy = { ...data } as Record<string, unknown>;
  for (const { name, inner } of fields) {
    const value = copy[name];
    if (typeof value === 'string') copy[name] = map(value);
    else if (inner && Array.isArray(value)) copy[name] = value.map((item) => mapSensitive(inner, item, map));
    else if (inner && value !== undefined) copy[name] = mapSensitive(inner, value, map);
  }
  return copy as Data;
}
