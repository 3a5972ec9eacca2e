// The launcher and the panel around the chat. Closed, nothing but the round
// button takes clicks.
const css = `
:host { all: initial; }
* { box-sizing: border-box; }
[hidden] { display: none !important; }
.launcher {
  position: fixed; right: 20px; bottom: 20px; z-index: 2147483646;
  width: 56px; height: 56px; padding: 14px; border: 0; border-radius: 50%;
  background: var(--accent); color: #fff; cursor: pointer;
  box-shadow: 0 1px 2px rgb(16 24 32 / 10%), 0 6px 20px rgb(16 24 32 / 20%);
}
.launcher svg { display: block; fill: none; stroke: currentColor; stroke-width: 1.7; stroke-linecap: round; stroke-linejoin: round; }
.launcher.news::after {
  content: attr(data-news); position: absolute; top: -2px; right: -2px; min-width: 22px; height: 22px; padding: 0 5px;
  box-sizing: border-box; border: 2px solid #fff; border-radius: 11px; background: #c62f24; font: 600 12px/18px system-ui, sans-serif; text-align: center;
}
.launcher:focus-visible, .plain:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; }
.panel {
  position: fixed; right: 20px; bottom: 88px; z-index: 2147483647;
  width: 400px; height: min(640px, calc(100vh - 108px)); max-width: calc(100vw - 40px);
  overflow: hidden; border-radius: 14px; background: #fff; color: #1b1f24;
  box-shadow: 0 2px 6px rgb(16 24 32 / 12%), 0 12px 40px rgb(16 24 32 / 22%);
}
.frame { display: block; width: 100%; height: 100%; border: 0; }
.notice {
  display: flex; flex-direction: column; align-items: center; justify-content: center; gap: 12px;
  height: 100%; padding: 24px; text-align: center; font: 16px/1.5 system-ui, sans-serif;
}
.notice p { margin: 0; }
.plain {
  min-height: 40px; padding: 8px 16px; border: 1px solid #7d8792; border-radius: 10px;
  background: none; color: inherit; font: inherit; cursor: pointer;
}
@media (prefers-color-scheme: dark) { .panel { background: #1c2024; color: #eceff2; } }
@media (max-width: 479px) {
  .panel { inset: 0; width: 100%; max-width: none; height: 100%; height: 100dvh; border-radius: 0; }
}
@media print { .launcher, .panel { display: none; } }
`;

export function sheet(): CSSStyleSheet {
  const s = new CSSStyleSheet();
  s.replaceSync(css);
  return s;
}
