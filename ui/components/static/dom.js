// Shared by our components. Text is only ever set with textContent: nothing that comes as data becomes markup.
const make = (tag, className, text) => {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined && text !== null) node.textContent = String(text);
  return node;
};
const button = (label, className, onClick, hint) => {
  const node = make("button", className, label);
  node.type = "button";
  if (hint) { node.setAttribute("aria-label", hint); node.title = hint; }
  node.addEventListener("click", onClick);
  return node;
};
// Draw again without losing the keyboard's place: the focused node is found by its data-at.
const redraw = (parent, draw) => {
  const root = parent.querySelector(".root");
  const at = parent.activeElement?.dataset?.at ?? null;
  const fresh = make("div");
  draw(fresh);
  root.replaceChildren(...fresh.childNodes);
  if (at !== null) [...root.querySelectorAll("[data-at]")].find((n) => n.dataset.at === at)?.focus({ preventScroll: true });
  return root;
};
