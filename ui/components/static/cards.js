// A list: {items: [{id, tone, name, main?, state?, n?, lines?, hint?, clip?, fold?, meta?, progress?, actions?}], label}.
const act = (send, what, id) => send("act", { what, id });
// A long line is shown around its mark until somebody wants all of it; `unfolded` names the lines shown whole.
const SPARE_PX = 48; // so little is not worth a click
const foldable = (line, id, labels, unfolded) => {
  const toggle = button(labels[0], "unfold", () => {
    if (!unfolded.delete(id)) unfolded.add(id);
    show();
  });
  toggle.dataset.at = `${id}:fold`;
  toggle.hidden = true;
  const show = () => {
    const whole = unfolded.has(id);
    line.classList.add("folded");
    const long = line.scrollHeight > line.clientHeight + SPARE_PX;
    toggle.hidden = !long;
    toggle.textContent = labels[whole ? 1 : 0];
    toggle.setAttribute("aria-expanded", String(whole));
    line.classList.toggle("folded", long && !whole);
    const mark = line.querySelector("mark");
    line.scrollTop = mark && long && !whole ? mark.offsetTop - line.clientHeight / 3 : 0;
    line.classList.toggle("above", line.scrollTop > 0);
    line.classList.toggle("below", line.scrollTop + line.clientHeight < line.scrollHeight - 1);
  };
  // Not at once: a size that changes while sizes are told is reported as an error.
  new ResizeObserver(() => requestAnimationFrame(show)).observe(line);
  return toggle;
};
const drawCard = (item, send, unfolded) => {
  const card = make("li", `card ${item.tone ?? ""}`);
  card.dataset.id = item.id;
  const head = make("div", "head");
  if (item.n !== undefined) head.append(make("span", "chip", item.n));
  const name = item.main
    ? button(item.name, "name", () => act(send, item.main, item.id))
    : make("span", "name", item.name);
  name.dataset.at = `${item.id}:${item.main ?? ""}:name`; // another place where a click does another thing
  head.append(name);
  if (item.state) head.append(make("span", "state", item.state));
  card.append(head);
  if (item.progress !== undefined) {
    const bar = make("div", "bar");
    bar.setAttribute("role", "progressbar");
    bar.setAttribute("aria-label", item.name);
    bar.setAttribute("aria-valuemin", "0");
    bar.setAttribute("aria-valuemax", "100");
    bar.setAttribute("aria-valuenow", String(Math.round(item.progress * 100)));
    const fill = make("i");
    fill.style.width = `${Math.max(2, item.progress * 100)}%`;
    bar.append(fill);
    card.append(bar);
  }
  for (const [i, runs] of (item.lines ?? []).entries()) {
    const line = make("div", item.clip ? "line clip" : "line");
    for (const run of runs) line.append(make(run.c === "key" ? "mark" : "span", run.c, run.t));
    card.append(line);
    if (item.fold) card.append(foldable(line, `${item.id}.${i}`, item.fold, unfolded));
  }
  if (item.hint) card.append(make("div", "hint", item.hint));
  const foot = make("div", "foot");
  if (item.meta) foot.append(make("span", "meta muted", item.meta));
  if (item.actions?.length) {
    const actions = make("div", "actions");
    for (const [what, label, kind] of item.actions) {
      const node = button(label, kind, () => act(send, what, item.id), `${label}: ${item.name}`);
      node.dataset.at = `${item.id}:${what}`;
      node.dataset.what = what;
      actions.append(node);
    }
    foot.append(actions);
  }
  if (foot.childNodes.length) card.append(foot);
  return card;
};
// Make `node` look like `fresh` without replacing what is the same: a button that somebody presses stays a button.
const become = (node, fresh) => {
  if (node.nodeName !== fresh.nodeName || node.dataset?.at !== fresh.dataset?.at) return node.replaceWith(fresh);
  if (node.nodeType === Node.TEXT_NODE) {
    if (node.data !== fresh.data) node.data = fresh.data;
    return;
  }
  for (const { name } of [...node.attributes]) if (!fresh.hasAttribute(name)) node.removeAttribute(name);
  for (const { name, value } of fresh.attributes) if (node.getAttribute(name) !== value) node.setAttribute(name, value);
  const others = [...fresh.childNodes];
  for (const [i, child] of [...node.childNodes].entries()) if (others[i]) become(child, others[i]); else child.remove();
  node.append(...others.slice(node.childNodes.length));
};
export default function ({ parentElement, data, setTriggerValue }) {
  // Cards outlive a redraw: their buttons ask for the way to send when they are pressed.
  parentElement.send = setTriggerValue;
  parentElement.unfolded ??= new Set();
  const send = (...event) => parentElement.send(...event);
  const root = parentElement.querySelector(".root");
  const at = parentElement.activeElement?.dataset?.at ?? null;
  let list = root.querySelector("ul.list");
  if (!list) root.append((list = make("ul", "list")));
  list.setAttribute("aria-label", data.label);
  const old = new Map([...list.children].map((card) => [card.dataset.id, card]));
  for (const [i, item] of data.items.entries()) {
    const drawn = JSON.stringify(item);
    let card = old.get(String(item.id));
    old.delete(String(item.id));
    if (!card) card = drawCard(item, send, parentElement.unfolded);
    else if (card.drawn !== drawn) {
      const fresh = drawCard(item, send, parentElement.unfolded);
      if (item.fold) (card.replaceWith(fresh), (card = fresh)); // measures itself
      else become(card, fresh);
    }
    card.drawn = drawn;
    if (list.children[i] !== card) list.insertBefore(card, list.children[i] ?? null);
  }
  while (list.children.length > data.items.length) list.lastChild.remove();
  // What had to move or be replaced has lost the keyboard's place.
  if (at !== null && parentElement.activeElement?.dataset?.at !== at)
    [...root.querySelectorAll("[data-at]")].find((n) => n.dataset.at === at)?.focus({ preventScroll: true });
}
