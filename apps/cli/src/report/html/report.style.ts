/** Everything that the page needs to look like something, on screen in light and dark, and on paper. */
export const REPORT_STYLE = `
:root {
  color-scheme: light dark;
  --ink: #1c1f26; --soft: #5a6270; --line: #d9dde4; --faint: #f4f6f9; --paper: #ffffff; --back: #eceff4; --accent: #b4470f;
  --good: #146c43; --good-back: #e6f4ec; --warn: #8a5300; --warn-back: #fdf3df; --bad: #b3261e; --bad-back: #fdeceb;
}
@media screen and (prefers-color-scheme: dark) {
  :root {
    --ink: #e7eaf0; --soft: #a4adbb; --line: #343a46; --faint: #20252e; --paper: #181c23; --back: #0f1217; --accent: #ff9d6b;
    --good: #7bd8a5; --good-back: #15301f; --warn: #f2c26b; --warn-back: #33270f; --bad: #ff9b94; --bad-back: #3a1a18;
  }
}
* { box-sizing: border-box; }
html { font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "DejaVu Sans", sans-serif; color: var(--ink); background: var(--back); }
body { margin: 0 auto; max-width: 72rem; padding: 2rem 3rem 3rem; background: var(--paper); }
a { color: var(--accent); text-underline-offset: .15em; }
a:focus-visible, .scroll:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.skip { position: absolute; left: -100vw; }
.skip:focus { left: 1rem; top: 1rem; padding: .5rem 1rem; background: var(--paper); }
.brand { margin: 0 0 2.5rem; color: var(--accent); font-weight: 700; letter-spacing: .14em; text-transform: uppercase; font-size: .85rem; }
h1 { margin: 0; font-size: 2.3rem; line-height: 1.15; letter-spacing: -.015em; }
.lead { margin: .4rem 0 1.8rem; color: var(--soft); font-size: 1.1rem; overflow-wrap: anywhere; }
h2 { margin: 2.8rem 0 .6rem; padding-top: .9rem; border-top: 2px solid var(--line); font-size: 1.35rem; }
h3 { margin: 1.6rem 0 .4rem; font-size: 1.05rem; }
p { margin: .4rem 0; max-width: 48rem; }
.none, .soft { color: var(--soft); }
dl { display: grid; grid-template-columns: max-content 1fr; gap: .25rem 1.5rem; margin: 1rem 0; }
dt { color: var(--soft); }
dd { margin: 0; overflow-wrap: anywhere; }
code { font: .9em/1.45 ui-monospace, SFMono-Regular, Menlo, Consolas, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.verdict { margin: 1.6rem 0; padding: 1.1rem 1.3rem; border: 1px solid; border-left-width: 6px; border-radius: 6px; }
.verdict h2 { margin: 0 0 .3rem; padding: 0; border: 0; font-size: 1.2rem; }
.verdict ul { margin: .6rem 0 0; padding-left: 1.2rem; }
.verdict li { margin: .15rem 0; }
.verdict a { color: var(--ink); text-decoration-color: var(--soft); }
.clean { border-color: var(--good); background: var(--good-back); }
.clean h2 { color: var(--good); }
.attention { border-color: var(--warn); background: var(--warn-back); }
.attention h2, b.warn { color: var(--warn); }
.broken { border-color: var(--bad); background: var(--bad-back); }
.broken h2, b.bad { color: var(--bad); }
b.good { color: var(--good); }
.figures { display: grid; grid-template-columns: repeat(4, 1fr); gap: .8rem; margin: 1.4rem 0; padding: 0; list-style: none; }
.figures li { padding: .7rem .9rem; border: 1px solid var(--line); border-radius: 6px; }
.figures strong { display: block; font-size: 1.5rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.figures span { color: var(--soft); font-size: .87rem; }
.contents ol { columns: 2; column-gap: 2.5rem; margin: .4rem 0 0; padding-left: 1.5rem; }
.contents li { padding: .12rem 0; }
.scroll { overflow-x: auto; margin: .8rem 0 1.4rem; }
table { width: 100%; border-collapse: collapse; font-size: .9rem; }
caption { padding: 0 0 .45rem; text-align: left; font-weight: 600; }
th, td { padding: .38rem .7rem .38rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; overflow-wrap: break-word; }
th:first-child, td:first-child { padding-left: .5rem; }
thead th { color: var(--soft); font-weight: 600; background: var(--faint); white-space: nowrap; }
tbody th { font-weight: 500; }
tbody th code, td code { overflow-wrap: anywhere; }
th.number, td.number { padding-right: 1.2rem; text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.time { white-space: nowrap; font-variant-numeric: tabular-nums; }
.id { min-width: 10.5rem; }
.wide { min-width: 14rem; }
tr.more td { color: var(--soft); font-style: italic; }
footer { margin-top: 3rem; padding-top: 1rem; border-top: 1px solid var(--line); color: var(--soft); font-size: .87rem; }
@media (max-width: 40rem) {
  body { padding: 1.2rem; }
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin-bottom: .5rem; }
  .contents ol { columns: 1; }
  .figures { grid-template-columns: 1fr 1fr; }
}
@page { size: A4; margin: 18mm 15mm 20mm; @bottom-right { content: counter(page) " / " counter(pages); font: 8pt sans-serif; color: #5a6270; } @bottom-left { content: "Torch audit report"; font: 8pt sans-serif; color: #5a6270; } }
@media print {
  :root { color-scheme: light; }
  html { font-size: 9.5pt; background: none; }
  body { max-width: none; padding: 0; background: none; }
  .skip { display: none; }
  .brand { margin-bottom: 14mm; }
  .cover { break-after: page; }
  a { color: inherit; text-decoration: none; }
  .scroll { overflow: visible; }
  table { font-size: 8pt; }
  thead { display: table-header-group; }
  tr, dl > *, .verdict, .figures li { break-inside: avoid; }
  h2, h3, caption { break-after: avoid; }
  p { orphans: 3; widows: 3; }
  section > p { break-after: avoid; }
  .id { min-width: 26mm; }
  .wide { min-width: 0; }
  .time { min-width: 20mm; white-space: normal; }
  .verdict, .figures li, thead th { -webkit-print-color-adjust: exact; print-color-adjust: exact; }
}
`;
