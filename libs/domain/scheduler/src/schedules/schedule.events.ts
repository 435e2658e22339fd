import type { ScheduleEvent } from '@torch/contracts';
import type { NewEvent } from '@torch/kernel';

type DataOf<Type extends ScheduleEvent['type']> = Extract<ScheduleEvent, { type: Type }>['data'];

export function scheduleEvent<Type extends ScheduleEvent['type']>(type: Type, data: DataOf<Type>): NewEvent<Type> {
  return { type, subject: `schedule/${data.scheduleId}`, data };
}
