import fastify from 'fastify';
import { jsonParser } from './json.parser';

const parse = jsonParser(fastify());

function parsed(text: string): unknown {
  let result: unknown;
  parse({}, Buffer.from(text), (error, body) => (result = error ? `refused: ${(error as { code?: string }).code}` : body));
  return result;
}

describe('a JSON body', () => {
  it.each([
    ['{"to":"ada","text":"hi"}', { to: 'ada', text: 'hi' }],
    ['{"text":"the constructor is at fault, and __proto__ too"}', { text: 'the constructor is at fault, and __proto__ too' }],
    ['{"text":"\\u0007"}', { text: '\u0007' }],
    ['null', null],
    ['', undefined],
  ])('%s is taken', (text, body) => {
    expect(parsed(text)).toEqual(body);
  });

  it.each([
    '{"to":',
    '{"__proto__":{"isAdmin":true}}',
    '{"a":[{"\\u005f\\u005fproto__":{"isAdmin":true}}]}',
    '{"constructor":{"prototype":{"isAdmin":true}}}',
    '{"\\u0063onstructor":{"prototype":{"isAdmin":true}}}',
  ])('%s is refused', (text) => {
    expect(parsed(text)).toBe('refused: FST_ERR_CTP_INVALID_JSON_BODY');
  });
});
