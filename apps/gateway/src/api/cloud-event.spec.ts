import { cloudEvent, eventId, parseEventId } from './cloud-event';

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

  it('has an id that says where it is', () => {
    expect(parseEventId(eventId(place))).toEqual(place);
  });

  it.each(['', '3', '3/42/7', 'x/42-1/7', '3/42-1/-7', '3/42-1/7 '])('is not found by %p', (text) => {
    expect(() => parseEventId(text)).toThrow('is not the id of an event');
  });
});
