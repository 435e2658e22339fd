/** Imports a text file, such as a Lua script, as a string: what the build does with it as well. */
module.exports = {
  process: (text) => ({ code: `module.exports = { __esModule: true, default: ${JSON.stringify(text)} };` }),
};
