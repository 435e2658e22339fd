/** What people are told of commits that could not be searched. */
export const prunedNote = (pruned: number): string =>
  pruned === 1
    ? '1 commit on the way has been emptied by retention; nobody can say whether it held what you look for.'
    : `${pruned} commits on the way have been emptied by retention; nobody can say whether they held what you look for.`;
