// An answer in two inks, in blocks that stand below each other:
// {blocks: [{kind, depth?, runs: [{t, c, n?, hint?, strong?} | {chip}]}], labels: {n: text}, legend: [[class, text]], live}.
const BLOCK_CLASS = { heading: "heading", item: "item", row: "row", code: "listing" };
const drawRun = (run, at, data, send) => {
  if (run.chip !== undefined) {
    const chip = button(run.chip, "chip", () => send("open", run.chip), data.labels[run.chip]);
    chip.dataset.at = at;
    chip.dataset.n = run.chip;
    return chip;
  }
  const piece = make(run.strong ? "strong" : "span", run.c, run.t);
  if (run.hint) piece.title = run.hint;
  if (run.n !== undefined) {
    piece.classList.add("open");
    piece.title = data.labels[run.n] ?? "";
    piece.addEventListener("click", () => {
      if (!String(document.getSelection())) send("open", run.n); // marking text is no click
    });
  }
  return piece;
};
const drawBlock = (block, number, data, send) => {
  const node = make(block.kind === "item" ? "li" : "div", `part ${BLOCK_CLASS[block.kind] ?? ""}`);
  if (block.depth) node.style.marginInlineStart = `${1.2 * block.depth}em`;
  const code = block.kind === "code" ? make("code") : null;
  if (code) {
    node.classList.add(block.runs.some((run) => run.c?.includes("copied")) ? "by-copy" : "by-hand");
    node.append(code);
  }
  for (const [i, run] of block.runs.entries()) {
    (run.chip === undefined && code ? code : node).append(drawRun(run, `chip${number}.${i}`, data, send));
  }
  return node;
};
export default function ({ parentElement, data, setTriggerValue }) {
  redraw(parentElement, (root) => {
    const text = make("div", "text");
    text.setAttribute("role", "article");
    if (data.live) { text.setAttribute("aria-live", "polite"); text.setAttribute("aria-busy", "true"); }
    let list = null; // of the items that follow each other
    for (const [number, block] of data.blocks.entries()) {
      if (block.kind !== "item") list = null;
      else if (!list) text.append((list = make("ul", "items")));
      (list ?? text).append(drawBlock(block, number, data, setTriggerValue));
    }
    if (data.live) (text.lastElementChild ?? text).append(make("span", "caret"));
    root.append(text);
    if (data.legend.length) {
      const legend = make("div", "legend muted");
      for (const [name, label] of data.legend) {
        const item = make("span");
        item.append(make("i", name, label));
        legend.append(item);
      }
      root.append(legend);
    }
  });
}
