import { StoreUrlInvalid } from './object-store';
import { readS3Url } from './store-url';

describe('the address of an object store', () => {
  it('names bucket, prefix, server and region', () => {
    expect(readS3Url('s3://nova/torch/archive/?endpoint=https://s3.example.org:9000&region=eu-west-1')).toEqual({
      bucket: 'nova',
      prefix: 'torch/archive',
      endpoint: 'https://s3.example.org:9000',
      region: 'eu-west-1',
      forcePathStyle: true,
    });
    expect(readS3Url('s3://nova?region=us-east-2')).toMatchObject({
      bucket: 'nova',
      prefix: '',
      forcePathStyle: false,
      endpoint: undefined,
    });
    expect(readS3Url('s3://nova?forcePathStyle=true')).toMatchObject({ forcePathStyle: true });
  });

  it('may ask for a lock on what is put', () => {
    expect(readS3Url('s3://nova?lock=COMPLIANCE&lockDays=365').lock).toEqual({ mode: 'COMPLIANCE', days: 365 });
    expect(readS3Url('s3://nova').lock).toBeUndefined();
  });

  it.each([
    ['http://nova', 'neither'],
    ['nova', 'neither'],
    ['s3://key:secret@nova', 'credentials'],
    ['s3://nova?endpont=http://x', 'no parameter "endpont"'],
    ['s3://nova?endpoint=ftp://x', 'endpoint'],
    ['s3://nova?forcePathStyle=yes', 'forcePathStyle'],
    ['s3://nova?lock=ever&lockDays=1', 'lock'],
    ['s3://nova?lock=GOVERNANCE', 'lockDays'],
    ['s3://nova?lock=GOVERNANCE&lockDays=0', 'lockDays'],
  ])('%s is refused', (url, why) => {
    expect(() => readS3Url(url)).toThrow(StoreUrlInvalid);
    expect(() => readS3Url(url)).toThrow(why);
  });
});
