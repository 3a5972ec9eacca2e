// The site's own colour, kept legible: whatever a site chooses, text in it and
// text on it reach the 4.5:1 of WCAG AA in light and dark.

type RGB = [number, number, number];

const surfaces = { light: [255, 255, 255] as RGB, dark: [28, 32, 36] as RGB };

/** Sets the accent tokens on the page, and again when light turns to dark. */
export function applyAccent(hex: string | undefined): void {
  const accent = hex ? parse(hex) : undefined;
  if (!accent) return;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const apply = () => {
    const surface = dark.matches ? surfaces.dark : surfaces.light;
    const away: RGB = dark.matches ? [255, 255, 255] : [0, 0, 0];
    const root = document.documentElement.style;
    root.setProperty("--accent", css(accent));
    root.setProperty("--on-accent", contrast(accent, [255, 255, 255]) >= 4.5 ? "#fff" : "#111");
    root.setProperty("--accent-text", css(legible(accent, surface, away)));
  };
  apply();
  dark.addEventListener("change", apply);
}

/** The first step from the colour towards `away` that can be read on the surface. */
function legible(colour: RGB, surface: RGB, away: RGB): RGB {
  for (let part = 0; part <= 1; part += 0.05) {
    const mixed = colour.map((c, i) => Math.round(c + (away[i]! - c) * part)) as RGB;
    if (contrast(mixed, surface) >= 4.5) return mixed;
  }
  return away;
}

function parse(hex: string): RGB | undefined {
  const m = /^#([0-9a-f]{2})([0-9a-f]{2})([0-9a-f]{2})$/i.exec(hex.trim());
  return m ? [parseInt(m[1]!, 16), parseInt(m[2]!, 16), parseInt(m[3]!, 16)] : undefined;
}

function css([r, g, b]: RGB): string {
  return `rgb(${r} ${g} ${b})`;
}

// WCAG 2.2, "relative luminance" and "contrast ratio".
function contrast(a: RGB, b: RGB): number {
  const [x, y] = [luminance(a), luminance(b)];
  return (Math.max(x, y) + 0.05) / (Math.min(x, y) + 0.05);
}

function luminance(colour: RGB): number {
  const [r, g, b] = colour.map((c) => {
    const s = c / 255;
    return s <= 0.04045 ? s / 12.92 : ((s + 0.055) / 1.055) ** 2.4;
  }) as RGB;
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}
