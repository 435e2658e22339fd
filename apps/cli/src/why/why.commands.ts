/**
 * The command that a type of event comes from when somebody outside asked for it: the log keeps a command's id and who sent
 * it, and its name only in what it was decided into.
 */
export const COMMAND_OF: Readonly<Record<string, string>> = {
  'project.created': 'CreateProject',
  'agent.registered': 'RegisterAgent',
  'agent.deregistered': 'DeregisterAgent',
  'run.submitted': 'SubmitRun',
  'task.submitted': 'SubmitRun',
  'run.cancel-requested': 'CancelRun',
  'task.started': 'StartTask',
  'task.progressed': 'ReportProgress',
  'task.completed': 'CompleteTask',
  'task.attempt-failed': 'FailTask',
  'task.retry-scheduled': 'FailTask',
  'task.failed': 'FailTask',
  'task.dead-lettered': 'FailTask',
  'task.cancelled': 'CancelTask',
  'task.requeued': 'RetryTask',
  'pool.defined': 'DefinePools',
  'pool.retired': 'RetirePool',
  'agent.stop-requested': 'StopAgent',
  'agent.quarantine-released': 'ReleaseQuarantine',
  'message.sent': 'SendMessage',
  'message.dispatched': 'RecordDispatched',
  'message.delivered': 'ConfirmDelivered',
  'message.acked': 'AckMessage',
};
