export { Forbidden, Unauthorized } from './auth/auth.errors';
export { ALL_PROJECTS, Principal } from './auth/principal';
export { bearerToken, type Grant, mintToken, newTokenSecret, verifyToken } from './auth/tokens';
export { EnvironmentInvalid } from './environment.errors';
export { EnvironmentReader } from './environment.reader';
export { admissionContext } from './http/caller';
export { ContractPipe } from './http/contract.pipe';
export { BODY_BYTES_MAX, fastifyAdapter, type FastifyLimits } from './http/fastify.adapter';
export { type Problem, PROBLEM_MEDIA_TYPE, type ProblemAnswer } from './http/problem';
export { answerWithProblem, ProblemFilter } from './http/problem.filter';
export { problemAnswerOf, RETRY_AFTER_S, statusOfRejection } from './http/problem.mapping';
export { NotFound, RequestInvalid } from './http/request.errors';
export { addRequestHooks, CORRELATION_HEADER } from './http/request.hooks';
export { hostLogger } from './logging/host.logger';
export { loggingParams } from './logging/logging.config';
export { noteDurability, type RequestContext, requestContext, withRequestContext } from './logging/request.context';
export { HealthController } from './service/health.controller';
export { reachLogServer } from './service/log-server.adapter';
export { type EndReason, ProcessEnd, processEnd } from './service/process-end';
export { type ReadinessMessage, reportReadiness } from './service/readiness.reporter';
export { runService, type RunServiceOptions, SHUTDOWN_MS_MAX } from './service/run-service';
export { TorchModule, type TorchModuleOptions } from './service/torch.module';
export { LOG_SERVER, TORCH_CLIENT, TORCH_CLIENT_PROXY, TORCH_ENV, TORCH_INSTANCE } from './service/torch.tokens';
export * from './subjects';
export * from './telemetry';
export { hostTracing } from './telemetry/host.tracing';
export {
  GATEWAY_PORT_DEFAULT,
  LOG_LEVELS,
  type LogLevel,
  readTorchEnv,
  requireTokenSecret,
  TOKEN_SECRET_BYTES_MIN,
  type TorchEnv,
} from './torch.config';
