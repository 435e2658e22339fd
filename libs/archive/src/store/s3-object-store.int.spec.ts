import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { sha256 } from '../hashing';
import { openObjectStore } from './store-url';

const body = Buffer.from('a segment');
const segment = { key: 'p03/segment', body, sha256: sha256(body), ifAbsent: true };

/** A server that honours the condition, and remembers what it was sent. */
describe('a bucket that honours conditional writes', () => {
  const objects = new Map<string, Buffer>();
  let sent: { method?: string; url?: string; headers: IncomingHttpHeaders }[] = [];
  let warnings: string[] = [];
  let refuse: number | undefined;
  let server: Server;
  let url: string;

  beforeAll(async () => {
    Object.assign(process.env, { AWS_ACCESS_KEY_ID: 'key', AWS_SECRET_ACCESS_KEY: 'secret' });
    server = createServer((request, response) => {
      const chunks: Buffer[] = [];
      request.on('data', (chunk: Buffer) => chunks.push(chunk));
      request.on('end', () => {
        const { method, url: path = '', headers } = request;
        sent.push({ method, url: path, headers });
        const key = path.split('?')[0] ?? '';
        if (refuse !== undefined && headers['if-none-match']) return response.writeHead(refuse).end();
        if (method === 'PUT' && headers['if-none-match'] === '*' && objects.has(key)) return response.writeHead(412).end();
        if (method === 'PUT') objects.set(key, Buffer.concat(chunks));
        return response.writeHead(method === 'PUT' || objects.has(key) ? 200 : 404).end();
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    url = `s3://nova/archive?endpoint=http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  });
  afterAll(() => new Promise((resolve) => server.close(resolve)));
  beforeEach(() => {
    objects.clear();
    sent = [];
    warnings = [];
    refuse = undefined;
  });
  const open = (more = '') => openObjectStore(url + more, (name) => warnings.push(name));

  it('is asked to, and never looked at before', async () => {
    const store = await open();
    expect(await store.put(segment)).toBe('stored');
    expect(await store.put({ ...segment, body: Buffer.from('another') })).toBe('exists');
    expect(objects.get('/nova/archive/p03/segment')).toEqual(body);
    expect(sent.filter(({ method }) => method === 'HEAD')).toEqual([]);
    expect(sent.at(-1)?.headers).toMatchObject({ 'if-none-match': '*', 'x-amz-meta-sha256': segment.sha256 });
    expect(sent.at(-1)?.headers['content-md5']).toMatch(/==$/);
    expect(warnings).toEqual([]);
  });

  it('locks what is put once, and nothing else, where that is configured', async () => {
    const store = await open('&lock=COMPLIANCE&lockDays=30');
    await store.put(segment);
    const { headers } = sent.find(({ url: path }) => path?.includes('/p03/segment')) ?? { headers: {} };
    expect(headers['x-amz-object-lock-mode']).toBe('COMPLIANCE');
    const days = (Date.parse(String(headers['x-amz-object-lock-retain-until-date'])) - Date.now()) / 86_400_000;
    expect(days).toBeGreaterThan(29.9);
    expect(days).toBeLessThan(30.1);
    await store.put({ ...segment, key: 'p03/manifest.ndjson', ifAbsent: false });
    expect(sent.at(-1)?.headers['x-amz-object-lock-mode']).toBeUndefined();
  });

  it('that answers that it knows no conditions is looked at before it is written to', async () => {
    refuse = 501;
    const store = await open();
    expect(await store.put(segment)).toBe('stored');
    expect(await store.put({ ...segment, body: Buffer.from('another') })).toBe('exists');
    expect(objects.get('/nova/archive/p03/segment')).toEqual(body);
    expect(warnings).toEqual(['ConditionalWritesMissing']);
  });
});
