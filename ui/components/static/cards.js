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
  name.dataset.at = `${item.id}:name`;
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
export default function ({ parentElement, data, setTriggerValue }) {
  redraw(parentElement, (root) => {
    const list = make("ul", "list");
    list.setAttribute("aria-label", data.label);
    parentElement.unfolded ??= new Set();
    for (const item of data.items) list.append(drawCard(item, setTriggerValue, parentElement.unfolded));
    root.append(list);
  });
}
