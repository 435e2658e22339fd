export { AgentIndex, scoreOf } from './agent-index';
export { findAgents } from './find-agents';
