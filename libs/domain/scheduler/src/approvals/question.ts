import { type ApprovalEvent, type ApprovalTimeoutPolicy, APPROVE } from '@torch/contracts';
import { type NewEvent, Rejection } from '@torch/kernel';

/** Whom an escalation asks, unless the question says otherwise. */
export const ESCALATE_TO_DEFAULT = 'project-manager';

type DataOf<Type extends ApprovalEvent['type']> = Extract<ApprovalEvent, { type: Type }>['data'];

export function approvalEvent<Type extends ApprovalEvent['type']>(type: Type, data: DataOf<Type>): NewEvent<Type> {
  return { type, subject: `approval/${data.approvalId}`, data };
}

interface Policy {
  readonly onTimeout: ApprovalTimeoutPolicy;
  readonly escalateTo?: string;
  readonly options: readonly string[];
  /** Whose question it is, as a sentence begins. */
  readonly of: string;
}

/** @throws Rejection `approval-contradictory` for a question that could not end as it says. */
export function refuseContradiction({ onTimeout, escalateTo, options, of }: Policy): void {
  if (escalateTo !== undefined && onTimeout !== 'escalate') {
    const says = `escalateTo "${escalateTo}" needs onTimeout "escalate", and it is "${onTimeout}"`;
    throw new Rejection('approval-contradictory', `${of} contradicts itself: ${says}. Leave escalateTo out, or escalate.`);
  }
  if (onTimeout === 'approve' && !options.includes(APPROVE)) {
    const says = `onTimeout "approve" needs an option "${APPROVE}", and the options are ${options.map((name) => `"${name}"`).join(', ')}`;
    throw new Rejection('approval-contradictory', `${of} contradicts itself: ${says}. Add the option, or choose another policy.`);
  }
}
