// Puts the keyboard into the box of questions: {selector}. Once for each way to the page, and never away from a field
// that somebody is in; a touch screen would open its keyboard over the page, so it is left alone.
const TRIES = 30;
export default function ({ parentElement, data }) {
  if (parentElement.looking || window.matchMedia("(pointer: coarse)").matches) return;
  parentElement.looking = true; // redraws change nothing
  let tries = TRIES;
  const timer = setInterval(() => {
    const box = document.querySelector(data.selector);
    const active = document.activeElement;
    const elsewhere = active !== box && active?.matches("input, textarea, [contenteditable]");
    if (box && !box.disabled && !elsewhere) box.focus({ preventScroll: true });
    if (elsewhere || document.activeElement === box || --tries === 0) clearInterval(timer);
  }, 100);
}
