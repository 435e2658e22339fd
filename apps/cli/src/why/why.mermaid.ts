import { shortened } from '../text/format';
import type { WhyGraph, WhyNode } from './why.graph';

const SAYS_CHARS_MAX = 120;

/** Commands are round, timers have points, events are boxes; those of the subject itself have a double frame. */
const SHAPES: Readonly<Record<WhyNode['kind'], readonly [open: string, close: string]>> = {
  command: ['(["', '"])'],
  timer: ['{{"', '"}}'],
  event: ['["', '"]'],
};
const STORY_SHAPE = ['[["', '"]]'] as const;

/** The chain as a Mermaid flowchart, causes above. */
export function whyMermaid({ nodes, edges, story }: WhyGraph): string {
  const names = new Map(nodes.map(({ id }, i) => [id, `n${i}`]));
  const own = new Set(story);
  const boxes = nodes.map((node) => {
    const [open, close] = own.has(node.id) ? STORY_SHAPE : SHAPES[node.kind];
    return `  ${names.get(node.id)}${open}${labelOf(node)}${close}`;
  });
  const arrows = edges.flatMap(({ from, to, relation }) => {
    const [cause, effect] = [names.get(from), names.get(to)];
    return cause === undefined || effect === undefined ? [] : [`  ${cause} -->|${relation}| ${effect}`];
  });
  return ['flowchart TD', ...boxes, ...arrows].join('\n');
}

function labelOf({ kind, type, position, subject, says }: WhyNode): string {
  const lines = kind === 'event' ? [`${position} ${type}`, subject ?? '', shortened(says, SAYS_CHARS_MAX)] : [type, says];
  return lines.filter(Boolean).map(escaped).join('<br/>');
}

/** Mermaid reads a text between quotes as HTML, with `#…;` for characters, and as Markdown between backticks. */
const escaped = (text: string): string =>
  text.replaceAll(/[#"<>&`\\]/g, (character) => `#${character.codePointAt(0)};`).replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, ' ');
