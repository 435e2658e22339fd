import { cloudEvent } from './cloud-event';
import { compareEventPlaces, eventId, parseEventId } from './event-place';

const place = { partition: 3, position: { seq: 42, generation: 1 }, index: 7 };
const event = {
  type: 'task.requeued',
  v: 1,
  subject: 'task/t1',
  project: 'p',
  actor: 'service:scheduler',
  correlationId: 'c1',
  data: { taskId: 't1', reason: 'backoff-over', requeuedAtMs: 5 },
};

describe('an event outside Torch', () => {
  it('is a CloudEvent', () => {
    expect(cloudEvent(event, place, 1_700_000_000_000)).toEqual({
      specversion: '1.0',
      id: '3/42-1/7',
      source: 'torch/3',
      type: 'task.requeued',
      subject: 'task/t1',
      time: '2023-11-14T22:13:20.000Z',
      datacontenttype: 'application/json',
      dataschema: 'urn:torch:event:task.requeued:1',
      torchproject: 'p',
      torchactor: 'service:scheduler',
      torchcorrelationid: 'c1',
      data: event.data,
    });
  });

  it('carries its cause and its trace when it has them', () => {
    expect(cloudEvent({ ...event, causationId: '3/41-1/0', traceparent: '00-a-b-01' }, place, 0)).toMatchObject({
      torchcausationid: '3/41-1/0',
      traceparent: '00-a-b-01',
    });
  });

  it('comes behind what it follows, whatever was lost in between', () => {
    const at = (seq: number, generation: number, index: number) => ({ partition: 3, position: { seq, generation }, index });
    const inOrder = [at(8, 0, 0), at(8, 0, 2), at(9, 0, 0), at(10, 0, 1), at(8, 1, 0), at(9, 1, 0)];
    expect([...inOrder].reverse().sort(compareEventPlaces)).toEqual(inOrder);
    expect(compareEventPlaces(at(8, 1, 2), at(8, 1, 2))).toBe(0);
  });

  it('has an id that says where it is', () => {
    expect(parseEventId(eventId(place))).toEqual(place);
  });

  it.each(['', '3', '3/42/7', 'x/42-1/7', '3/42-1/-7', '3/42-1/7 '])('is not found by %p', (text) => {
    expect(() => parseEventId(text)).toThrow('is not the id of an event');
  });
});
