import type { BenchContext } from './bench';
import { timeFigure } from './figure';
import { TorchCommand } from './torch-command';

/** Time from `torch up` to everything ready, on data that is there already. */
export async function upReady({ rounds, progress }: BenchContext) {
  const torch = await TorchCommand.create();
  const values: number[] = [];
  try {
    for (let round = 0; round <= rounds; round++) {
      const ms = await torch.up();
      await torch.down();
      progress(`up.ready ${round === 0 ? 'on no data' : `round ${round}`}: ${Math.round(ms)} ms`);
      if (round > 0) values.push(ms);
    }
  } finally {
    await torch.down();
    await torch.remove();
  }
  return [timeFigure({ name: 'up.ready', values, atMostMs: 10_000 })];
}
