import { until } from '../testing/poll';
import { GatewayProblem, GatewayUnreachable } from '../http/gateway.errors';
import { type OutputConfig, OutputUpload } from './output-upload';

class Sink {
  kept = Buffer.alloc(0);
  readonly offsets: number[] = [];
  readonly sizes: number[] = [];
  readonly logged: string[] = [];
  before: (offset: number, chunk: Buffer) => Promise<void> | void = () => undefined;

  upload(config: Partial<OutputConfig> = {}): OutputUpload {
    return new OutputUpload({
      config: { batchMs: 5, ...config },
      log: (_level, message) => this.logged.push(message),
      send: async (offset, chunk) => {
        this.offsets.push(offset);
        this.sizes.push(chunk.length);
        await this.before(offset, chunk);
        if (offset !== this.kept.length) throw wrongOffset(this.kept.length);
        this.kept = Buffer.concat([this.kept, chunk]);
        return { size: this.kept.length };
      },
    });
  }
}

const wrongOffset = (expectedOffset: number): GatewayProblem =>
  new GatewayProblem(409, 'wrong-offset', 'No.', [], undefined, { expectedOffset });

describe('the upload of an output', () => {
  it('sends everything in order, in batches', async () => {
    const sink = new Sink();
    const upload = sink.upload({ batchBytes: 10 });
    for (let i = 0; i < 100; i++) await upload.write(Buffer.from(`${i},`));
    expect(await upload.close()).toBe(0);
    expect(sink.kept.toString()).toBe(Array.from({ length: 100 }, (_, i) => `${i},`).join(''));
    expect(Math.max(...sink.sizes)).toBeLessThanOrEqual(10);
    expect(sink.sizes.length).toBeLessThanOrEqual(60);
  });

  it('sends a small batch when it is old enough', async () => {
    const sink = new Sink();
    const upload = sink.upload({ batchMs: 20 });
    await upload.write(Buffer.from('a'));
    await until('the batch', () => sink.kept.length === 1);
    await upload.close();
  });

  it('makes the writer wait while there is no room', async () => {
    const sink = new Sink();
    let open: () => void = () => undefined;
    sink.before = () => new Promise<void>((resolve) => (open = resolve));
    const upload = sink.upload({ batchBytes: 10, bufferedBytesMax: 20 });
    await upload.write(Buffer.alloc(10));
    await upload.write(Buffer.alloc(10));
    let taken = false;
    const third = upload.write(Buffer.alloc(10)).then(() => (taken = true));
    await until('the first send', () => sink.sizes.length === 1);
    expect(taken).toBe(false);
    open();
    await third;
    sink.before = () => undefined;
    open();
    await until('the second send', () => sink.sizes.length >= 2);
    open();
    expect(await upload.close()).toBe(0);
    expect(sink.kept).toHaveLength(30);
  });

  it('keeps up to its cap and says in the output how much it did not', async () => {
    const sink = new Sink();
    const upload = sink.upload({ keptBytesMax: 1000, batchBytes: 100 });
    for (let i = 0; i < 20; i++) await upload.write(Buffer.alloc(100, 'x'));
    const lost = await upload.close();
    expect(lost).toBe(2000 - 840);
    expect(sink.kept.toString()).toBe(`${'x'.repeat(840)}\n[torch] 1160 more bytes of output were not kept: an attempt keeps 1000.\n`);
    expect(sink.kept.length).toBeLessThanOrEqual(1000);
  });

  it('tries again while the gateway is away, without sending twice or losing a byte', async () => {
    const sink = new Sink();
    let failures = 3;
    sink.before = () => {
      if (failures-- > 0) throw failures % 2 ? new GatewayUnreachable('http://gone') : new GatewayProblem(503, 'log-unavailable', 'Later.');
    };
    const upload = sink.upload();
    await upload.write(Buffer.from('hello'));
    expect(await upload.close()).toBe(0);
    expect(sink.kept.toString()).toBe('hello');
  });

  it('goes on behind what an unanswered attempt had already appended', async () => {
    const sink = new Sink();
    sink.before = (_offset, chunk) => {
      if (sink.sizes.length > 1) return;
      sink.kept = Buffer.from(chunk.subarray(0, 3));
      throw new GatewayUnreachable('http://cut');
    };
    const upload = sink.upload();
    await upload.write(Buffer.from('hello'));
    expect(await upload.close()).toBe(0);
    expect(sink.kept.toString()).toBe('hello');
    expect(sink.offsets).toEqual([0, 0, 3]);
  });

  it('lets the writer go on when the gateway refuses, counts the loss and logs it', async () => {
    const sink = new Sink();
    sink.before = () => {
      throw new GatewayProblem(507, 'no-space', 'The disk is full.');
    };
    const upload = sink.upload({ batchBytes: 4, bufferedBytesMax: 8 });
    for (let i = 0; i < 10; i++) await upload.write(Buffer.from('1234'));
    expect(await upload.close()).toBe(40);
    expect(sink.logged).toEqual(['Output is not kept any more: The disk is full.']);
  });

  it('does not hold up the end of an attempt for longer than its flush limit', async () => {
    const sink = new Sink();
    sink.before = () => {
      throw new GatewayUnreachable('http://gone');
    };
    const upload = sink.upload({ flushMs: 50 });
    await upload.write(Buffer.from('hello'));
    expect(await upload.close()).toBe(5);
  });

  it('gives up soon once the attempt was told to end', async () => {
    const sink = new Sink();
    sink.before = () => {
      throw new GatewayUnreachable('http://gone');
    };
    const upload = sink.upload({ hurryMs: 20, bufferedBytesMax: 4, batchBytes: 4 });
    await upload.write(Buffer.from('1234'));
    const blocked = upload.write(Buffer.from('5678'));
    upload.hurry();
    await blocked;
    expect(await upload.close()).toBe(8);
  });
});
