import { processIo, SAME_SIGNAL_MS } from './cli-io';

describe('a stop signal', () => {
  afterEach(() => jest.restoreAllMocks());

  it('counts once when the terminal and npm both send it, and again when it is sent again', () => {
    const now = jest.spyOn(performance, 'now').mockReturnValue(1000);
    const heard: string[] = [];
    const stop = processIo('script').onStopSignal((signal) => heard.push(signal));
    process.emit('SIGINT', 'SIGINT');
    now.mockReturnValue(1005);
    process.emit('SIGINT', 'SIGINT');
    expect(heard).toEqual(['SIGINT']);
    now.mockReturnValue(1005 + SAME_SIGNAL_MS);
    process.emit('SIGINT', 'SIGINT');
    expect(heard).toEqual(['SIGINT', 'SIGINT']);
    stop();
    expect(process.listenerCount('SIGINT')).toBe(0);
  });
});
