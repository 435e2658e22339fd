/** What stands in a list a second time or more, and where. */
export const repeatsIn = (values: readonly string[]): { readonly value: string; readonly at: number }[] =>
  values.flatMap((value, at) => (values.indexOf(value) === at ? [] : [{ value, at }]));
