import { GATEWAY_DEFAULTS, gatewayConfig } from './gateway.config';

describe('the limits of the gateway', () => {
  it('have defaults', () => {
    expect(gatewayConfig({})).toEqual(GATEWAY_DEFAULTS);
    expect(GATEWAY_DEFAULTS).toMatchObject({
      bodyBytesMax: 1_048_576,
      outputChunkBytesMax: 262_144,
      outputBytesMax: 10_485_760,
      deadlineMs: 1800,
    });
  });

  it('are set by the environment', () => {
    expect(gatewayConfig({ TORCH_GATEWAY_DEADLINE_MS: '900' }).deadlineMs).toBe(900);
  });

  it.each(['', undefined])('stay at their default when the variable is %p', (text) => {
    expect(gatewayConfig({ TORCH_GATEWAY_DEADLINE_MS: text }).deadlineMs).toBe(1800);
  });

  it.each(['soon', '1.5', '-1', '99', '60001'])('refuse %p, naming the variable and the range', (text) => {
    expect(() => gatewayConfig({ TORCH_GATEWAY_DEADLINE_MS: text })).toThrow(
      `TORCH_GATEWAY_DEADLINE_MS is "${text}"; it takes a whole number from 100 to 60000.`,
    );
  });
});
