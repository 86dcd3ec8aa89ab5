"""How well text stands out from what is behind it, in the parts of the pages that we draw."""

from typing import Final

from tests.browser.chromium import Chromium

FAINTEST: Final = 4.5

# Colours are read by painting them, so that any notation counts; backgrounds and opacities are laid over each other
# from the page down to the text, out of shadow roots too.
_SCRIPT: Final = """
const paint = document.createElement('canvas').getContext('2d', { willReadFrequently: true });
const rgba = (colour) => {
  paint.clearRect(0, 0, 1, 1);
  paint.fillStyle = colour;
  paint.fillRect(0, 0, 1, 1);
  const [r, g, b, a] = paint.getImageData(0, 0, 1, 1).data;
  return [r, g, b, a / 255];
};
const over = (below, [r, g, b, a], opacity) =>
  [r, g, b].map((value, i) => value * a * opacity + below[i] * (1 - a * opacity));
const parent = (e) => e.assignedSlot ?? e.parentElement ?? e.getRootNode().host ?? null;
const luminance = (colour) => {
  const [r, g, b] = colour.map((v) => v / 255).map((v) => (v <= 0.03928 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4));
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
};
const ratio = (element) => {
  const chain = [];
  for (let e = element; e; e = parent(e)) chain.unshift(getComputedStyle(e));
  let behind = [255, 255, 255], opacity = 1;
  for (const style of chain) {
    opacity *= Number(style.opacity);
    behind = over(behind, rgba(style.backgroundColor), opacity);
  }
  const text = over(behind, rgba(chain.at(-1).color), opacity);
  const [dark, light] = [luminance(text), luminance(behind)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
};
const found = [];
const walk = (root) => {
  for (const e of root.querySelectorAll('*')) {
    if (e.shadowRoot) walk(e.shadowRoot);
    const said = [...e.childNodes].filter((n) => n.nodeType === 3).map((n) => n.data).join('').trim();
    const ours = e.closest('.root') || e.closest('[class*="fx-"]');
    if (!said || !ours || !e.checkVisibility() || e.matches('style')) continue;
    const value = ratio(e);
    if (value < arguments[0]) found.push([`${e.className}: ${said.slice(0, 60)}`, Math.round(value * 100) / 100]);
  }
};
walk(document);
return found;
"""


def faint_texts(browser: Chromium, least: float = FAINTEST) -> list[tuple[str, float]]:
    """Texts whose contrast is less than `least`, with their contrast."""
    return [(said, ratio) for said, ratio in browser.driver.execute_script(_SCRIPT, least)]
