// An answer in two inks: {runs: [{t, c, n?, hint?, core?} | {chip}], labels: {n: text}, legend: [[class, text]], live}.
export default function ({ parentElement, data, setTriggerValue }) {
  redraw(parentElement, (root) => {
    const text = make("div", "text");
    text.setAttribute("role", "article");
    if (data.live) { text.setAttribute("aria-live", "polite"); text.setAttribute("aria-busy", "true"); }
    for (const [i, run] of data.runs.entries()) {
      if (run.chip !== undefined) {
        const chip = button(run.chip, "chip", () => setTriggerValue("open", run.chip), data.labels[run.chip]);
        chip.dataset.at = `chip${i}`;
        chip.dataset.n = run.chip;
        text.append(chip);
        continue;
      }
      const piece = make(run.core ? "strong" : "span", run.c, run.t);
      if (run.hint) piece.title = run.hint;
      if (run.n !== undefined) {
        piece.classList.add("open");
        piece.title = data.labels[run.n] ?? "";
        piece.addEventListener("click", () => {
          if (!String(document.getSelection())) setTriggerValue("open", run.n); // marking text is no click
        });
      }
      text.append(piece);
    }
    if (data.live) text.append(make("span", "caret"));
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
