/** Names under which `TorchModule` provides what services inject. */
export const TORCH_ENV = Symbol('TORCH_ENV');
/** The `LogServer` that all of a process shares. */
export const LOG_SERVER = Symbol('LOG_SERVER');
/** A `TorchClient`: commands and queries to whoever owns them. */
export const TORCH_CLIENT = Symbol('TORCH_CLIENT');
/** The same client in Nest's own shape, a `ClientProxy`. */
export const TORCH_CLIENT_PROXY = Symbol('TORCH_CLIENT_PROXY');
/** Name of this process among the owners, unique for every start. */
export const TORCH_INSTANCE = Symbol('TORCH_INSTANCE');
