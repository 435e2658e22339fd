import { fieldProblem, Plan, type PlanProblem, planProblems } from '@torch/contracts';
import { readFileSync, statSync } from 'node:fs';
import { type Document, LineCounter, parseDocument } from 'yaml';
import { CliError } from '../cli.errors';
import { EXIT } from '../exit-code';
import { offsetOf } from './plan.position';

/** A plan of 2,000 tasks fits well; larger files are refused unread. */
export const PLAN_BYTES_MAX = 1024 * 1024;
/** Nodes that YAML aliases may multiply into. */
const ALIASES_MAX = 1000;

/** A plan that can be submitted, and where in its file everything stands. */
export interface PlanFile {
  readonly plan: Plan;
  /** `<file>:<line>:<column>` of a place in the plan, or of the nearest thing around it. */
  locate(pointer: string): string;
}

/** What is wrong with a plan's file: one `<file>:<line>:<column>: <what>` a line. */
export class BadPlan extends CliError {
  constructor(readonly problems: readonly string[]) {
    super(EXIT.usage, 'bad-plan', problems.join('\n'));
    this.name = 'BadPlan';
  }
}

/**
 * Reads a plan as YAML or JSON, and checks all of it.
 *
 * @throws BadPlan naming file, line and column of every problem found.
 */
export function readPlan(path: string, read: (path: string) => string = readSmallFile): PlanFile {
  const text = read(path);
  const lineCounter = new LineCounter();
  const at = (offset: number): string => {
    const { line, col } = lineCounter.linePos(offset);
    return `${path}:${line}:${col}`;
  };
  if (text.includes('\0')) throw new BadPlan([`${path}:1:1: The file is not text. A plan is YAML or JSON.`]);
  const document = parseDocument(text, { lineCounter, prettyErrors: false, uniqueKeys: true, version: '1.2' });
  const syntax = [...document.errors, ...document.warnings];
  if (syntax.length > 0)
    throw new BadPlan(
      syntax.map(
        ({ pos, code, message }) =>
          `${at(pos[0])}: ${code === 'MULTIPLE_DOCS' ? 'The file holds several documents; a plan is one.' : sentence(message)}`,
      ),
    );

  const value = valueOf(document, at);
  const locate = (pointer: string): string => at(offsetOf(document, pointer));
  const problems = problemsOf(value);
  if (problems.length > 0) throw new BadPlan(problems.map(({ pointer, message }) => `${locate(pointer)}: ${message}`));
  return { plan: value as Plan, locate };
}

function valueOf(document: Document, at: (offset: number) => string): unknown {
  if (document.contents === null) throw new BadPlan([`${at(0)}: The plan is empty. It needs at least "tasks".`]);
  let value: unknown;
  try {
    value = document.toJS({ maxAliasCount: ALIASES_MAX });
  } catch (error) {
    throw new BadPlan([`${at(0)}: ${sentence((error as Error).message)}`]);
  }
  if (value === null) throw new BadPlan([`${at(0)}: The plan is empty. It needs at least "tasks".`]);
  if (typeof value !== 'object' || Array.isArray(value)) {
    throw new BadPlan([
      `${at(0)}: A plan is a mapping with "tasks", but this is ${Array.isArray(value) ? 'a list' : `a ${typeof value}`}.`,
    ]);
  }
  return value;
}

function problemsOf(value: unknown): readonly PlanProblem[] {
  const problem = fieldProblem(Plan, value);
  return problem ? [problem] : planProblems(value as Plan);
}

function readSmallFile(path: string): string {
  try {
    const { size } = statSync(path);
    if (size > PLAN_BYTES_MAX) {
      throw new BadPlan([`${path}: The file has ${size} bytes; a plan may have ${PLAN_BYTES_MAX}. Split it into several runs.`]);
    }
    return new TextDecoder('utf-8', { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof BadPlan) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const why =
      code === 'ENOENT'
        ? 'There is no such file.'
        : code === 'EISDIR'
          ? 'This is a folder, not a plan.'
          : code === 'ERR_ENCODING_INVALID_ENCODED_DATA'
            ? 'The file is not UTF-8 text. A plan is YAML or JSON.'
            : sentence(message);
    throw new BadPlan([`${path}: ${why}`]);
  }
}

function sentence(message: string): string {
  const [first = ''] = message.split('\n');
  return /[.!?]$/.test(first) ? first : `${first.replace(/:$/, '')}.`;
}
