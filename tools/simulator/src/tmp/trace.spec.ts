import { Simulation } from '../simulation';
it('trace', async () => {
  const sim = new Simulation({ seed: 5013 }) as any;
  const logs: string[] = [];
  const { account } = await sim.run();
  const store = sim.cluster.base.store;
  for (const p of [0, 1]) {
    const d = store.partition(p);
    console.log(
      p,
      d.head,
      d.gate,
      store.incarnation,
      [...d.leases],
      [...d.epochs],
      sim.cluster.archive.head(p),
      sim.time.nowMs - 1767225600000,
    );
  }
  console.log(
    sim.cluster.serverClockErrorMs,
    sim.injector.injected
      .slice(-25)
      .map((f: any) => `${f.atMs - 1767225600000} ${f.fault}`)
      .join('\n'),
  );
  console.log(
    sim.cluster.instances.map((i: any) => `${i.process.name} ${i.process.state} ${i.process.clockErrorMs} cut=${i.link.isCut}`).join('\n'),
    account.history.bugs,
  );
}, 300000);
