import { demandChanged } from './scheduler.facts';
import { roomIn, says, type Settlement } from './settlement';

/** Says how many wait, of the classes of which that is news. */
export function announceDemand(settlement: Settlement): void {
  for (const demand of settlement.state.matching.news) {
    if (roomIn(settlement) <= 0) return;
    const { role, skills, labels, queue, profiles } = demand;
    let fittingAgents = 0;
    for (const { members } of profiles) fittingAgents += members;
    const news = { role: role.name, skills: [...skills], ...(labels && { labels }), waiting: queue.size, fittingAgents };
    says(settlement, undefined, demandChanged({ ...news, changedAtMs: settlement.nowMs }));
  }
}
