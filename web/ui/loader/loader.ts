// loader.js: puts the chat on a site's page. It adds a launcher and, when it is
// first opened, an iframe on Candor's own origin; the page can never reach into
// the chat, and the chat covers the page only while it is open.
import type { ToFrame, ToPage } from "../shared/frame";
import { fill } from "../shared/i18n";
import { keeper, type Who } from "./keeper";
import { texts } from "./texts";
import { sheet } from "./style";

type Identity = string | (() => string | null | Promise<string | null>);

type Candor = {
  open(): void;
  close(): void;
  /**
   * A site token, the address on this page's origin that returns one, or a
   * function that does, or returns null when nobody is signed in. A token works
   * once; an address or a function is asked again when the chat needs another.
   */
  identify(who: Identity): void;
  /** Forgets the customer: call it when somebody signs out. */
  reset(): void;
  /** Opens the chat and sends a question. */
  ask(text: string): void;
};

declare global {
  interface Window {
    Candor?: Candor;
  }
}

const leisure = 1500; // the page's own work goes first, and it may fill in what it knows
const patience = 12_000; // how long the chat may take to load before the page says so

function start(script: HTMLScriptElement): Candor {
  const origin = new URL(script.src).origin;
  // Read when needed, so that a page may fill it in later.
  const data = script.dataset;
  const language = () => data.language || document.documentElement.lang || navigator.language;
  const words = texts(language());
  const kept = keeper(() => data.site ?? "");

  // A shadow root keeps the site's styles out; a constructed sheet needs no
  // `unsafe-inline` in the site's Content-Security-Policy.
  const host = document.createElement("candor-chat");
  host.dataset.testid = "candor";
  const root = host.attachShadow({ mode: "open" });
  root.adoptedStyleSheets = [sheet()];
  host.style.setProperty("--accent", /^#[0-9a-f]{6}$/i.test(data.color ?? "") ? data.color! : "#0b6e4f");

  const launcher = element("button", "launcher");
  launcher.dataset.testid = "launcher";
  launcher.type = "button";
  launcher.append(bubble());
  const panel = element("div", "panel");
  panel.hidden = true;
  root.append(panel, launcher);

  let frame: HTMLIFrameElement | undefined;
  let ready = false;
  let timer = 0;
  let waiting: ToFrame[] = [];
  // What identify() said last; it goes before data-identity-url.
  let identity: Identity | undefined;
  // A token that identify() was given works once. When the chat asks again and
  // there is no address to ask, it must not become a visitor in silence.
  let spent = false;
  // reset() turns the page's own identity off until identify() is called.
  let signedOut = false;
  // The chat is loaded before it is opened where there is something to come back for.
  let ahead: Who = "";

  function label(news = 0): void {
    launcher.setAttribute("aria-label", news ? fill(words.news, { n: news }) : panel.hidden ? words.open : words.close);
    launcher.classList.toggle("news", news > 0);
    launcher.dataset.news = news > 9 ? "9+" : String(news);
    launcher.setAttribute("aria-expanded", String(!panel.hidden));
  }

  function load(): void {
    ready = false;
    const url = new URL("/widget", origin);
    url.searchParams.set("site", data.site ?? "");
    url.searchParams.set("parent", location.origin);
    url.searchParams.set("language", language());
    frame = element("iframe", "frame");
    frame.title = words.title;
    frame.src = url.href;
    // Something to see and to close from the start; the chat covers it once it
    // is there, and a chat that never comes leaves the page usable.
    panel.replaceChildren(notice(words.loading), frame);
    frame.hidden = true;
    clearTimeout(timer);
    timer = window.setTimeout(() => ready || failed(), patience);
  }

  function failed(): void {
    frame?.remove();
    frame = undefined;
    panel.replaceChildren(notice(words.failed, button(words.again, load)));
  }

  function notice(text: string, ...more: HTMLElement[]): HTMLElement {
    const box = element("div", "notice");
    const p = element("p");
    p.textContent = text;
    box.append(p, ...more, button(words.close, close));
    return box;
  }

  function open(): void {
    if (!data.site) console.warn("Candor: data-site is missing on the script element");
    panel.hidden = false;
    ahead = "";
    label();
    if (!frame) load();
    else if (ready) {
      frame.focus();
      post({ candor: "shown" });
    }
  }

  function close(): void {
    panel.hidden = true;
    if (ready) post({ candor: "hidden" });
    label();
    launcher.focus();
  }

  function post(message: ToFrame): void {
    if (!ready) waiting.push(message);
    else frame?.contentWindow?.postMessage(message, origin);
  }

  async function hello(fresh: boolean): Promise<void> {
    let token: string | null = null;
    let wrong = false;
    try {
      token = await who();
    } catch {
      wrong = true;
    }
    // Nobody is signed in who has something to come back for: nobody asked for a chat.
    if (ahead === "customer" && !token) return discard();
    if (ahead) kept.note(""); // the chat says it again
    frame?.contentWindow?.postMessage(
      {
        candor: "hello",
        identity: token,
        failed: wrong,
        gpc: (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl === true || data.gpc === "true",
        language: language(),
        color: data.color ?? "",
        fresh,
      } satisfies ToFrame,
      origin,
    );
  }

  function discard(): void {
    frame?.remove();
    frame = undefined;
    ready = false;
  }

  /** Loads the chat where somebody has been answered meanwhile, or may have been. */
  function comeBack(): void {
    if (frame) return;
    ahead = kept.awaits();
    if (ahead === "customer" && !identity && !data.identityUrl) ahead = "";
    if (ahead) load();
  }

  /** A site token, or null when nobody is signed in. Throws when it cannot know. */
  async function who(): Promise<string | null> {
    const from = identity ?? (signedOut ? undefined : data.identityUrl);
    if (!from && spent) throw new Error("Candor: call identify() with a new token");
    if (!from) return null;
    if (typeof from === "function") return (await from()) || null;
    if (!/^(\/|https?:)/.test(from)) {
      identity = undefined;
      spent = true;
      return from;
    }
    const url = new URL(from, location.href);
    if (url.origin !== location.origin) throw new Error("Candor: the identity address must be on the page's own origin");
    const response = await fetch(url, { credentials: "include", headers: { Accept: "application/json" }, cache: "no-store" });
    if ([204, 401, 403, 404].includes(response.status)) return null;
    if (!response.ok) throw new Error(`Candor: the identity address answered ${response.status}`);
    return ((await response.json()) as { identity?: string | null }).identity || null;
  }

  addEventListener("message", (event: MessageEvent<ToPage>) => {
    if (event.origin !== origin || !frame || event.source !== frame.contentWindow) return;
    switch (event.data?.candor) {
      case "ready": {
        clearTimeout(timer);
        ready = true;
        frame.hidden = false;
        // Moving the iframe would load it again, so the others go instead.
        for (const child of [...panel.children]) if (child !== frame) child.remove();
        if (!panel.hidden) frame.focus();
        void hello(false).then(() => {
          const messages = waiting;
          waiting = [];
          messages.forEach(post);
        });
        break;
      }
      case "identify":
        void hello(false);
        break;
      case "news":
        if (panel.hidden) label(event.data.count);
        break;
      case "awaits":
        kept.note(event.data.who);
        break;
      case "close":
        close();
    }
  });

  launcher.addEventListener("click", () => (panel.hidden ? open() : close()));
  panel.addEventListener("keydown", (e) => e.key === "Escape" && close());
  label();
  const attach = () => {
    document.body.append(host);
    setTimeout(comeBack, leisure);
  };
  if (document.body) attach();
  else addEventListener("DOMContentLoaded", attach, { once: true });

  return {
    open,
    close,
    identify(who) {
      identity = who;
      signedOut = spent = false;
      if (ready) void hello(true);
      else comeBack();
    },
    reset() {
      identity = undefined;
      spent = false;
      signedOut = true;
      waiting = [];
      kept.note("");
      if (ready) void hello(true);
    },
    ask(text) {
      post({ candor: "ask", text });
      open();
    },
  };
}

function element<K extends keyof HTMLElementTagNameMap>(tag: K, name = ""): HTMLElementTagNameMap[K] {
  const e = document.createElement(tag);
  e.className = name;
  return e;
}

function button(text: string, action: () => void): HTMLButtonElement {
  const b = element("button", "plain");
  b.type = "button";
  b.textContent = text;
  b.addEventListener("click", action);
  return b;
}

function bubble(): SVGElement {
  const ns = "http://www.w3.org/2000/svg";
  const svg = document.createElementNS(ns, "svg");
  svg.setAttribute("viewBox", "0 0 24 24");
  svg.setAttribute("aria-hidden", "true");
  const path = document.createElementNS(ns, "path");
  path.setAttribute("d", "M5 4h14a2 2 0 0 1 2 2v9a2 2 0 0 1-2 2h-7l-5 4v-4H5a2 2 0 0 1-2-2V6a2 2 0 0 1 2-2zM8 9h8M8 12.5h5");
  svg.append(path);
  return svg;
}

const script = document.currentScript;
if (script instanceof HTMLScriptElement && !window.Candor) window.Candor = start(script);
