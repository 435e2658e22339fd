import { AUDIT_DEFAULTS, readAuditConfig } from './audit.config';

describe("audit's environment", () => {
  it('has limits by default, each of which can be set', () => {
    expect(readAuditConfig({})).toEqual(AUDIT_DEFAULTS);
    expect(readAuditConfig({ TORCH_AUDIT_GROUP_MS: '0' }).groupMs).toBe(0);
  });

  it('names every variable that is wrong', () => {
    expect(() => readAuditConfig({ TORCH_AUDIT_GROUP_MS: '-1', TORCH_AUDIT_RETRY_MS: 'soon' })).toThrow(/GROUP_MS[^]*RETRY_MS/);
  });
});
