import { present } from './present';

describe('what is present of an object', () => {
  it('is every field that has a value, in its order', () => {
    const fields = { a: undefined, d: null, c: 0, b: '', e: false, f: { g: undefined } };
    expect(Object.entries(present(fields))).toStrictEqual(Object.entries(fields).slice(1));
  });

  it('leaves defaults that it is spread over, and the object itself, as they are', () => {
    const options: { port?: number; host?: string } = { port: undefined, host: 'h' };
    expect({ port: 1, ...present(options) }).toStrictEqual({ port: 1, host: 'h' });
    expect(Object.keys(options)).toEqual(['port', 'host']);
  });
});
