// The shop's pictures, drawn: nothing is fetched from anywhere.
import type { ComponentChildren } from "preact";

function Picture({ children }: { children: ComponentChildren }) {
  return (
    <svg viewBox="0 0 200 150" aria-hidden="true" focusable="false">
      <ellipse class="ground" cx="100" cy="132" rx="76" ry="8" />
      {children}
    </svg>
  );
}

export const Tent = () => (
  <Picture>
    <path class="c1" d="M24 130 96 34l80 96z" />
    <path class="c2" d="M96 34 60 130h66z" />
    <path class="c5" d="M96 62 78 130h32z" />
    <path class="line" d="M96 34l-6-10M96 34l7-9M24 130l-10 4M176 130l10 4" />
  </Picture>
);

export const Jacket = () => (
  <Picture>
    <path class="c1" d="M78 26h44l30 14 14 66-20 6-12-48v68H66V64l-12 48-20-6 14-66z" />
    <path class="c2" d="M78 26c4 16 40 16 44 0l-8-8H86z" />
    <path class="line light" d="M100 38v94M74 96h16M110 96h16" />
  </Picture>
);

export const Boots = () => (
  <Picture>
    <path class="c3" d="M52 30h40l4 44c20 8 46 12 58 24 6 6 6 18 6 18H50z" />
    <path class="c2" d="M48 112h114v12a6 6 0 0 1-6 6H54a6 6 0 0 1-6-6z" />
    <path class="line light" d="M74 44h20M75 56h20M76 68h22M86 80l14-8M100 86l12-10" />
  </Picture>
);

export const Backpack = () => (
  <Picture>
    <path class="c2" d="M56 64c-12 4-14 44-8 58h12zM144 64c12 4 14 44 8 58h-12z" />
    <path class="c4" d="M62 46c0-34 76-34 76 0l6 78c0 6-4 8-8 8H64c-4 0-8-2-8-8z" />
    <path class="c2" d="M60 54c20 14 60 14 80 0l2 18c-24 12-60 12-84 0z" />
    <path class="c1" d="M74 92h52v32H74z" />
    <path class="line" d="M90 22c0-10 20-10 20 0" />
  </Picture>
);

export const Stove = () => (
  <Picture>
    <path class="c5" d="M66 40h68l-6 40H72z" />
    <path class="c2" d="M60 34h80v8H60z" />
    <path class="c3" d="M84 90c4-8 4-4 8-8 2 6 6 2 8-2 4 6 6 2 8 4 4 4 4 4 8 6z" />
    <path class="c1" d="M76 92h48v12H76zM82 104h36v28H82z" />
  </Picture>
);

export const Lantern = () => (
  <Picture>
    <path class="line" d="M72 48c0-40 56-40 56 0" />
    <path class="c2" d="M70 46h60v12H70zM66 118h68v14H66z" />
    <path class="c6" d="M74 58h52v60H74z" />
    <path class="c4" d="M92 72h16v34H92z" />
  </Picture>
);

/** The hills behind the shop's greeting. */
export const Hills = () => (
  <svg class="hills" viewBox="0 0 1200 320" preserveAspectRatio="xMidYMax slice" aria-hidden="true" focusable="false">
    <path class="h0" d="M0 0h1200v320H0z" />
    <circle class="h1" cx="930" cy="86" r="38" />
    <path class="h2" d="M0 210 190 110l130 80 180-130 230 150 170-90 300 130v70H0z" />
    <path class="h3" d="M0 260c200-80 330-30 520-20s330-110 680-10v90H0z" />
    <path class="h4" d="M0 296c300-60 500 10 760-14s300-20 440-4v42H0z" />
  </svg>
);
