import type { ServiceMark } from '@torch/log';

/** How a commit begins; see `encodeCommit`. */
const HEADER = /^\{"service":"([\w-]+)","epoch":(\d+),"recordedAtMs":\d+,"consumed":\{"entry":"(\d+-\d+)"/;

/** The last commit of each service among those that are shown to it. */
export class ServiceMarks {
  private readonly byService: Map<string, ServiceMark>;

  /** @param before what is known of commits that are not shown. */
  constructor(before: readonly ServiceMark[] = []) {
    this.byService = new Map(before.map((mark) => [mark.service, mark]));
  }

  see(body: string): void {
    const [, service, epoch, entry] = HEADER.exec(body) ?? [];
    if (service !== undefined && entry !== undefined) this.byService.set(service, { service, epoch: Number(epoch), entry });
  }

  all(): readonly ServiceMark[] {
    return [...this.byService.values()];
  }
}
