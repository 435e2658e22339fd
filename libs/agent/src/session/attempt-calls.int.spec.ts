import type { ApprovalView } from '@torch/contracts';
import { GatewayClient } from '../http/gateway.client';
import { GatewayDouble, problem } from '../testing/gateway.double';
import { until } from '../testing/poll';
import { AttemptCalls } from './attempt-calls';

const ATTEMPT = { taskId: 'run-1.build', attempt: 1, assignment: 'as-1' };

describe("an attempt's calls", () => {
  let gateway: GatewayDouble;
  let over: AbortController;
  let calls: AttemptCalls;
  beforeEach(async () => {
    gateway = await new GatewayDouble().start();
    over = new AbortController();
    const project = new GatewayClient({ url: gateway.url, token: 't', retry: { pauseMs: 5, pauseMsMax: 20 } }).project('shop');
    calls = new AttemptCalls({ project, attempt: ATTEMPT, agentId: 'dev-1', instance: 'i-1', signal: over.signal });
  });
  afterEach(async () => {
    over.abort(new Error('The test is over.'));
    await gateway.stop();
  });

  describe('claiming paths', () => {
    const asked = () => gateway.to('POST', /\/claims$/);
    const granting = (forMs: number) => {
      gateway.answer = ({ path }) =>
        path.endsWith('/claims') ? { status: 202, body: { granted: true, leaseUntilMs: Date.now() + forMs } } : undefined;
    };

    it('get all of them for the attempt, and give them back', async () => {
      granting(60_000);
      const claim = await calls.claim(['repo:src/**', { path: 'repo:docs/*', mode: 'shared' }], { claimId: 'c1', leaseMs: 30_000 });
      expect(claim).toEqual({ granted: true, claimId: 'c1', leaseUntilMs: expect.any(Number) });
      expect(asked()[0]?.json()).toEqual({
        claimId: 'c1',
        agentId: 'dev-1',
        taskId: 'run-1.build',
        paths: [
          { path: 'repo:src/**', mode: 'exclusive' },
          { path: 'repo:docs/*', mode: 'shared' },
        ],
        leaseMs: 30_000,
      });
      await calls.release('c1');
      expect(gateway.to('POST', /claims\/c1\/release$/)[0]?.json()).toEqual({ agentId: 'dev-1' });
    });

    it('learn who holds them', async () => {
      const heldBy = { agentId: 'dev-2', taskId: 'run-1.other', path: 'repo:src/a', mode: 'exclusive' };
      gateway.answer = () => problem(409, 'claim-held', { heldBy });
      expect(await calls.claim(['repo:src/**'])).toEqual({ granted: false, claimId: expect.any(String), heldBy });
    });

    it('learn that they are kept for a task that has waited long', async () => {
      gateway.answer = () => problem(409, 'paths-taken');
      expect(await calls.claim(['repo:src/**'])).toEqual({ granted: false, claimId: expect.any(String) });
    });

    it('are refused loudly for anything else', async () => {
      gateway.answer = () => problem(400, 'bad-request');
      await expect(calls.claim(['nonsense'])).rejects.toMatchObject({ code: 'bad-request' });
    });

    it('keep the lease up until the release', async () => {
      granting(100);
      const { claimId } = await calls.claim(['repo:src/**'], { leaseMs: 100 });
      await until('a renewal', () => asked().length >= 2);
      expect(asked()[1]?.json()).toEqual(asked()[0]?.json());
      expect(asked()[1]?.headers['idempotency-key']).not.toBe(asked()[0]?.headers['idempotency-key']);
      await calls.release(claimId);
    });

    it('say when a renewed claim is lost', async () => {
      granting(100);
      const lost: unknown[] = [];
      await calls.claim(['repo:src/**'], { onLost: (error) => lost.push(error), leaseMs: 100 });
      gateway.answer = () => problem(409, 'claim-held', { heldBy: { agentId: 'dev-2' } });
      await until('the loss', () => lost.length > 0);
      expect(lost).toEqual([expect.objectContaining({ code: 'claim-held' })]);
    });
  });

  describe('asking people', () => {
    let view: Partial<ApprovalView> | undefined;
    const looks = () => gateway.to('GET', /\/approvals\//);
    const questions = () => gateway.to('POST', /attempts\/1\/approvals$/);
    beforeEach(() => {
      view = { status: 'open' };
      gateway.answer = ({ method, path }) => {
        if (method !== 'GET' || !path.includes('/approvals/')) return undefined;
        return view ? { status: 200, body: view } : problem(404, 'unknown-approval');
      };
    });

    it('wait for the answer, however long', async () => {
      const answer = calls.ask({ question: 'Which one?', options: ['left', 'right'], timeoutMs: 60_000 });
      await until('some looks', () => looks().length >= 3);
      view = { status: 'answered', option: 'left', note: 'Of course.', answeredBy: 'user:ada' };
      expect(await answer).toMatchObject({ status: 'answered', option: 'left', note: 'Of course.', by: 'user:ada' });
      expect(questions()).toHaveLength(1);
      expect(questions()[0]?.json()).toMatchObject({
        agentId: 'dev-1',
        assignment: 'as-1',
        question: 'Which one?',
        options: ['left', 'right'],
        timeoutMs: 60_000,
        approvalId: looks()[0]?.path.split('/').at(-1),
      });
    });

    it('survive that Torch is away, and ask once', async () => {
      const usual = gateway.answer;
      let cuts = 0;
      gateway.answer = (request) => (cuts++ < 3 ? 'cut' : usual(request));
      const answer = calls.ask({ question: 'May I?', approvalId: 'q1' });
      await until('a look', () => looks().length > 0);
      await gateway.stop();
      view = { status: 'answered', option: 'approve' };
      await gateway.start();
      expect(await answer).toEqual({ approvalId: 'q1', status: 'answered', option: 'approve' });
      expect(new Set(questions().map(({ headers }) => headers['idempotency-key']))).toEqual(new Set(['q1/asked']));
    });

    it('ask again when the log has lost the question', async () => {
      view = undefined;
      const answer = calls.ask({ question: 'May I?', approvalId: 'q1' });
      await until('the question again', () => questions().length >= 2);
      view = { status: 'answered', option: 'deny' };
      expect(await answer).toMatchObject({ option: 'deny' });
    });

    it('learn that no answer will come', async () => {
      view = { status: 'withdrawn' };
      expect(await calls.ask({ question: 'May I?', approvalId: 'q1' })).toEqual({ approvalId: 'q1', status: 'withdrawn' });
    });

    it('end when the attempt is over', async () => {
      const answer = calls.ask({ question: 'May I?' });
      await until('a look', () => looks().length > 0);
      over.abort(new Error('The attempt is over.'));
      await expect(answer).rejects.toThrow('The attempt is over.');
    });
  });

  it('report progress and usage', async () => {
    await calls.progress({ note: 'half', percent: 50, usage: { inputTokens: 5 } });
    expect(gateway.to('POST', /progress$/)[0]?.json()).toEqual({
      agentId: 'dev-1',
      assignment: 'as-1',
      note: 'half',
      percent: 50,
      usage: { inputTokens: 5 },
    });
  });

  it('pause the agent and let it go on', async () => {
    await calls.pause('rate-limited', { untilMs: 1795000000000 });
    await calls.pause('blocked-on-human');
    await calls.resume();
    expect(gateway.to('POST', /agents\/dev-1\/pause$/).map((request) => request.json())).toEqual([
      { instance: 'i-1', pause: 'rate-limited', untilMs: 1795000000000 },
      { instance: 'i-1', pause: 'blocked-on-human' },
      { instance: 'i-1' },
    ]);
  });

  it('work from the environment of a process', async () => {
    const env = {
      TORCH_URL: gateway.url,
      TORCH_TOKEN: 'mine',
      TORCH_PROJECT: 'shop',
      TORCH_TASK_ID: 'run-1.build',
      TORCH_ATTEMPT: '2',
      TORCH_ASSIGNMENT: 'as-2',
      TORCH_AGENT_ID: 'dev-1',
    };
    await AttemptCalls.fromEnvironment(env).progress({ percent: 1 });
    const [request] = gateway.to('POST', /tasks\/run-1.build\/attempts\/2\/progress$/);
    expect(request?.json()).toEqual({ agentId: 'dev-1', assignment: 'as-2', percent: 1 });
    expect(request?.headers.authorization).toBe('Bearer mine');
    await expect(AttemptCalls.fromEnvironment(env).resume()).rejects.toThrow('TORCH_AGENT_INSTANCE');
    expect(() => AttemptCalls.fromEnvironment({ ...env, TORCH_ASSIGNMENT: '' })).toThrow('TORCH_ASSIGNMENT is not set');
  });
});
