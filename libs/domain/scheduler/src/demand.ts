import { type DemandClass, isNews } from './matching';
import { demandChanged } from './scheduler.facts';
import { roomIn, type Settlement } from './settlement';

/** Says how many wait. Looks only at classes that are news already, and at those that have just moved. */
export function announceDemand(settlement: Settlement): void {
  const { state, left, nowMs } = settlement;
  if (state.matching.news.size === 0 && left.size === 0) return;
  const changed: { demand: DemandClass; waiting: number }[] = [];
  for (const demand of new Set([...state.matching.news, ...left.keys()])) {
    const waiting = demand.queue.size - (left.get(demand) ?? 0);
    if (isNews(demand, waiting)) changed.push({ demand, waiting });
  }
  changed.sort((a, b) => byName(a.demand.role.name, b.demand.role.name) || byName(a.demand.key, b.demand.key));
  for (const { demand, waiting } of changed.slice(0, roomIn(settlement))) {
    let fittingAgents = 0;
    for (const { members } of demand.profiles) fittingAgents += members;
    settlement.events.push(
      demandChanged({
        role: demand.role.name,
        skills: [...demand.skills],
        ...(demand.labels && { labels: demand.labels }),
        waiting,
        fittingAgents,
        changedAtMs: nowMs,
      }),
    );
  }
}

const byName = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
