import fc from 'fast-check';
import { countEvents } from './event-count';

const count = (commit: unknown): number => countEvents(Buffer.from(typeof commit === 'string' ? commit : JSON.stringify(commit)));

describe('counting events', () => {
  it('comes to what parsing comes to, whatever is in them', () => {
    fc.assert(
      fc.property(fc.array(fc.dictionary(fc.string({ unit: 'binary' }), fc.jsonValue(), { maxKeys: 4 })), fc.string(), (events, text) => {
        expect(count({ service: text, answers: [[`"events":[${text}`]], events })).toBe(events.length);
      }),
    );
  });

  it('finds none in what is no commit', () => {
    for (const text of ['', '{}', 'text', '{"events":{}}', '{"events":[', '{"events":[{"a":"', '{"events":[{"a":"\\'])
      expect(count(text)).toBe(0);
  });
});
