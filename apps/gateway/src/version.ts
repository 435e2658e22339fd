import { version } from '../../../package.json';

export const TORCH_VERSION: string = version;
