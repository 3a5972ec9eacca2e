"use strict";(()=>{var P=["en","pt-BR","es","uk","ru"];function A(...n){for(let o of n){let t=o?.toLowerCase().split("-")[0],u=P.find(a=>a===o)??P.find(a=>a.toLowerCase().split("-")[0]===t);if(u)return u}return"en"}var O={en:{open:"Open the chat",news:"Open the chat: a new message",close:"Close the chat",title:"Chat",loading:"Opening the chat…",failed:"The chat could not be loaded. The page works without it.",again:"Load it again"},"pt-BR":{open:"Abrir o chat",news:"Abrir o chat: nova mensagem",close:"Fechar o chat",title:"Chat",loading:"Abrindo o chat…",failed:"Não foi possível carregar o chat. A página funciona sem ele.",again:"Carregar de novo"},es:{open:"Abrir el chat",news:"Abrir el chat: mensaje nuevo",close:"Cerrar el chat",title:"Chat",loading:"Abriendo el chat…",failed:"No se pudo cargar el chat. La página funciona sin él.",again:"Cargarlo de nuevo"},uk:{open:"Відкрити чат",news:"Відкрити чат: нове повідомлення",close:"Закрити чат",title:"Чат",loading:"Відкриваємо чат…",failed:"Не вдалося завантажити чат. Сторінка працює і без нього.",again:"Завантажити ще раз"},ru:{open:"Открыть чат",news:"Открыть чат: новое сообщение",close:"Закрыть чат",title:"Чат",loading:"Открываем чат…",failed:"Не удалось загрузить чат. Страница работает и без него.",again:"Загрузить ещё раз"}};function H(n){return O[A(n)]}var z=`
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
  content: ""; position: absolute; top: 2px; right: 2px; width: 14px; height: 14px;
  border: 2px solid #fff; border-radius: 50%; background: #c62f24;
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
`;function R(){let n=new CSSStyleSheet;return n.replaceSync(z),n}var B=12e3;function U(n){let o=new URL(n.src).origin,t=n.dataset,u=()=>t.language||document.documentElement.lang||navigator.language,a=H(u()),f=document.createElement("candor-chat");f.dataset.testid="candor";let L=f.attachShadow({mode:"open"});L.adoptedStyleSheets=[R()],f.style.setProperty("--accent",/^#[0-9a-f]{6}$/i.test(t.color??"")?t.color:"#0b6e4f");let l=p("button","launcher");l.dataset.testid="launcher",l.type="button",l.append(W());let r=p("div","panel");r.hidden=!0,L.append(r,l);let i,c=!1,y=0,h=[],m,w=!1,v=!1;function b(e=!1){l.setAttribute("aria-label",e?a.news:r.hidden?a.open:a.close),l.classList.toggle("news",e),l.setAttribute("aria-expanded",String(!r.hidden))}function E(){c=!1;let e=new URL("/widget",o);e.searchParams.set("site",t.site??""),e.searchParams.set("parent",location.origin),e.searchParams.set("language",u()),i=p("iframe","frame"),i.title=a.title,i.src=e.href,r.replaceChildren(T(a.loading),i),i.hidden=!0,clearTimeout(y),y=window.setTimeout(()=>c||j(),B)}function j(){i?.remove(),i=void 0,r.replaceChildren(T(a.failed,N(a.again,E)))}function T(e,...s){let d=p("div","notice"),M=p("p");return M.textContent=e,d.append(M,...s,N(a.close,g)),d}function k(){t.site||console.warn("Candor: data-site is missing on the script element"),r.hidden=!1,b(),i?c&&(i.focus(),C({candor:"shown"})):E()}function g(){r.hidden=!0,b(),l.focus()}function C(e){c?i?.contentWindow?.postMessage(e,o):h.push(e)}async function x(e){let s=null,d=!1;try{s=await I()}catch{d=!0}i?.contentWindow?.postMessage({candor:"hello",identity:s,failed:d,gpc:navigator.globalPrivacyControl===!0||t.gpc==="true",language:u(),color:t.color??"",fresh:e},o)}async function I(){let e=m??(v?void 0:t.identityUrl);if(!e&&w)throw new Error("Candor: call identify() with a new token");if(!e)return null;if(typeof e=="function")return await e()||null;if(!/^(\/|https?:)/.test(e))return m=void 0,w=!0,e;let s=new URL(e,location.href);if(s.origin!==location.origin)throw new Error("Candor: the identity address must be on the page's own origin");let d=await fetch(s,{credentials:"include",headers:{Accept:"application/json"},cache:"no-store"});if([204,401,403,404].includes(d.status))return null;if(!d.ok)throw new Error(`Candor: the identity address answered ${d.status}`);return(await d.json()).identity||null}addEventListener("message",e=>{if(!(e.origin!==o||!i||e.source!==i.contentWindow))switch(e.data?.candor){case"ready":{clearTimeout(y),c=!0,i.hidden=!1;for(let s of[...r.children])s!==i&&s.remove();i.focus(),x(!1).then(()=>{let s=h;h=[],s.forEach(C)});break}case"identify":x(!1);break;case"news":r.hidden&&b(!0);break;case"close":g()}}),l.addEventListener("click",()=>r.hidden?k():g()),r.addEventListener("keydown",e=>e.key==="Escape"&&g()),b();let S=()=>document.body.append(f);return document.body?S():addEventListener("DOMContentLoaded",S,{once:!0}),{open:k,close:g,identify(e){m=e,v=w=!1,c&&x(!0)},reset(){m=void 0,w=!1,v=!0,h=[],c&&x(!0)},ask(e){C({candor:"ask",text:e}),k()}}}function p(n,o=""){let t=document.createElement(n);return t.className=o,t}function N(n,o){let t=p("button","plain");return t.type="button",t.textContent=n,t.addEventListener("click",o),t}function W(){let n="http://www.w3.org/2000/svg",o=document.createElementNS(n,"svg");o.setAttribute("viewBox","0 0 24 24"),o.setAttribute("aria-hidden","true");let t=document.createElementNS(n,"path");return t.setAttribute("d","M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM8 9h8M8 12.5h5"),o.append(t),o}var F=document.currentScript;F instanceof HTMLScriptElement&&!window.Candor&&(window.Candor=U(F));})();
