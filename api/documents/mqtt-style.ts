/** The style of the page at /docs/mqtt; wide and narrow, light and dark. */
export const mqttStyle = `
:root { color-scheme: light dark; --line: #d0d7de; --soft: #f6f8fa; --dim: #57606a; --link: #0757b5; }
@media (prefers-color-scheme: dark) {
  :root { --line: #30363d; --soft: #161b22; --dim: #9aa4af; --link: #6cb0ff; }
}
* { box-sizing: border-box; }
html { font: 16px/1.5 system-ui, sans-serif; -webkit-text-size-adjust: 100%; }
body { margin: 0 auto; max-width: 64rem; padding: 1rem 1rem 4rem; overflow-wrap: anywhere; }
h1 { line-height: 1.2; margin: 1rem 0; }
h2 { border-bottom: 1px solid var(--line); margin: 2.5rem 0 1rem; padding-bottom: .3rem; }
h3 { margin: 2rem 0 .5rem; }
h3 code { font-size: 1rem; }
a { color: var(--link); }
code, pre { font: .875rem/1.45 ui-monospace, monospace; }
pre { background: var(--soft); border: 1px solid var(--line); border-radius: 6px; overflow-x: auto; padding: .6rem .8rem; margin: .5rem 0; white-space: pre-wrap; }
nav ul { columns: 14rem; list-style: none; padding: 0; }
nav li { break-inside: avoid; padding: .1rem 0; }
details { border: 1px solid var(--line); border-radius: 6px; margin: .5rem 0; }
summary { cursor: pointer; padding: .6rem .8rem; }
details > div { border-top: 1px solid var(--line); padding: .2rem .8rem .8rem; }
h4 { color: var(--dim); font-size: .8rem; letter-spacing: .04em; margin: 1rem 0 .3rem; text-transform: uppercase; }
dl { display: grid; grid-template-columns: minmax(6rem, 12rem) 1fr; gap: .25rem 1rem; margin: 0; }
dt, dd { margin: 0; }
.dim { color: var(--dim); }
.way { border: 1px solid var(--line); border-radius: 1rem; color: var(--dim); font-size: .75rem; padding: .05rem .5rem; white-space: nowrap; }
@media (max-width: 36rem) {
  dl { grid-template-columns: 1fr; gap: 0; }
  dd { margin: 0 0 .5rem; }
}
`;
