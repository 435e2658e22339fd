import { UPLOADS_DEFAULTS } from '@torch/archive';
import { AUDIT_DEFAULTS, readAuditConfig } from './audit.config';
import { readStoreConfig } from './store.config';

describe("audit's environment", () => {
  it('has limits by default, each of which can be set', () => {
    expect(readAuditConfig({})).toEqual(AUDIT_DEFAULTS);
    expect(readAuditConfig({ TORCH_AUDIT_GROUP_MS: '0', TORCH_AUDIT_SEGMENT_BYTES: '2048', TORCH_AUDIT_SEGMENT_MS: '500' })).toEqual({
      ...AUDIT_DEFAULTS,
      groupMs: 0,
      segmentBytes: 2048,
      segmentMs: 500,
    });
  });

  it('names every variable that is wrong', () => {
    expect(() => readAuditConfig({ TORCH_AUDIT_GROUP_MS: '-1', TORCH_AUDIT_RETRY_MS: 'soon' })).toThrow(/GROUP_MS[^]*RETRY_MS/);
  });
});

describe("the environment of the archive's store", () => {
  it('names none by default', () => {
    expect(readStoreConfig({})).toEqual(UPLOADS_DEFAULTS);
  });

  it('names a bucket or a directory, and limits', () => {
    const url = 's3://nova/torch?endpoint=http://127.0.0.1:9000';
    expect(readStoreConfig({ TORCH_ARCHIVE_S3_URL: url, TORCH_AUDIT_UPLOADS_MAX: '5' })).toEqual({
      ...UPLOADS_DEFAULTS,
      url,
      uploadsMax: 5,
    });
    expect(readStoreConfig({ TORCH_ARCHIVE_S3_URL: 'file:///mnt/archive' }).url).toBe('file:///mnt/archive');
  });

  it('is refused when it names something else', () => {
    expect(() => readStoreConfig({ TORCH_ARCHIVE_S3_URL: 'nova', TORCH_AUDIT_UPLOADS_MAX: '0' })).toThrow(/UPLOADS_MAX[^]*S3_URL/);
  });
});
