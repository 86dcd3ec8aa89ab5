// A list: {items: [{id, tone, name, main?, state?, n?, lines?, hint?, clip?, meta?, progress?, actions?}], label}.
const act = (send, what, id) => send("act", { what, id });
const drawCard = (item, send) => {
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
  for (const runs of item.lines ?? []) {
    const line = make("div", item.clip ? "line clip" : "line");
    for (const run of runs) line.append(make("span", run.c, run.t));
    card.append(line);
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
    for (const item of data.items) list.append(drawCard(item, setTriggerValue));
    root.append(list);
  });
}
