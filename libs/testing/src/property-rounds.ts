/** By so much more often are properties tried with `npm run test:properties`. */
const LONG_FACTOR = 20;

/** How often a property is tried: `rounds` times in `npm test`. */
export const propertyRounds = (rounds: number): { readonly numRuns: number } => ({
  numRuns: process.env.TORCH_TEST_LONG ? LONG_FACTOR * rounds : rounds,
});
