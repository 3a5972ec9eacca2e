// Line icons on a 20-unit square, drawn in the colour of their text. They are
// decoration: what they say is always said in words too.
import type { ComponentChildren } from "preact";

function Icon({ children }: { children: ComponentChildren }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" fill="none" stroke="currentColor" stroke-width="1.6" stroke-linecap="round" stroke-linejoin="round" aria-hidden="true" focusable="false">
      {children}
    </svg>
  );
}

export const Lock = () => (
  <Icon>
    <rect x="4" y="9" width="12" height="8" rx="2" />
    <path d="M7 9V6a3 3 0 0 1 6 0v3" />
  </Icon>
);

/** The lock that opens: a consent that is given. */
export const Unlocked = () => (
  <Icon>
    <rect x="4" y="9" width="12" height="8" rx="2" />
    <path d="M7 9V6a3 3 0 0 1 5.6-1.5" />
  </Icon>
);

export const Close = () => (
  <Icon>
    <path d="M5 5l10 10M15 5L5 15" />
  </Icon>
);

export const Back = () => (
  <Icon>
    <path d="M12 4l-6 6 6 6" />
  </Icon>
);

export const Send = () => (
  <Icon>
    <path d="M10 16V4M5 9l5-5 5 5" />
  </Icon>
);

export const Person = () => (
  <Icon>
    <circle cx="10" cy="6.5" r="3" />
    <path d="M4 17c.6-3.4 3-5 6-5s5.4 1.6 6 5" />
  </Icon>
);

export const Article = () => (
  <Icon>
    <path d="M5 3h7l3 3v11H5zM8 9h4M8 12.5h4" />
  </Icon>
);

export const Data = () => (
  <Icon>
    <path d="M10 2.5l6 2.2v4.8c0 3.8-2.6 6.5-6 8-3.4-1.5-6-4.2-6-8V4.7z" />
  </Icon>
);

export const Copy = () => (
  <Icon>
    <rect x="7" y="7" width="9" height="9" rx="2" />
    <path d="M4 12.5V5.5A1.5 1.5 0 0 1 5.5 4h7" />
  </Icon>
);

export const Check = () => (
  <Icon>
    <path d="M4 10.5l4 4 8-9" />
  </Icon>
);

export const Clip = () => (
  <Icon>
    <path d="M15.5 9l-5.8 5.8a3.5 3.5 0 0 1-5-5L11 3.6a2.3 2.3 0 0 1 3.3 3.3l-6.1 6a1.2 1.2 0 0 1-1.7-1.6L12 5.9" />
  </Icon>
);

export const Search = () => (
  <Icon>
    <circle cx="9" cy="9" r="5" />
    <path d="M13 13l4 4" />
  </Icon>
);
