// A document's text with marked ranges: {runs: [{t, c} | {page, label}], focus, region, before, after, more}.
export default function ({ parentElement, data, setTriggerValue }) {
  const old = parentElement.querySelector(".box");
  const seen = old?.dataset.focus;
  const scrolled = old?.scrollTop ?? 0;
  const root = redraw(parentElement, (fresh) => {
    const box = make("div", "box");
    box.tabIndex = 0;
    box.dataset.at = "box";
    box.dataset.focus = data.focus;
    box.setAttribute("role", "region");
    box.setAttribute("aria-label", data.region);
    const more = () => button(data.more, "more", () => setTriggerValue("more", data.focus));
    if (data.before) box.append(more());
    const text = make("div", "text");
    for (const run of data.runs) {
      if (run.page !== undefined) {
        const page = make("span", "page");
        page.dataset.label = run.label; // drawn by the style, so that it is no part of the text
        text.append(page);
      } else {
        text.append(make(run.c.split(" ").includes("hl") ? "mark" : "span", run.c, run.t));
      }
    }
    box.append(text);
    if (data.after) box.append(more());
    fresh.append(box);
  });
  const box = root.querySelector(".box");
  const mark = box.querySelector("mark");
  if (seen === data.focus) {
    box.scrollTop = scrolled;
    return;
  }
  requestAnimationFrame(() => {
    if (mark) {
      const offset = mark.getBoundingClientRect().top - box.getBoundingClientRect().top;
      box.scrollTop += offset - box.clientHeight / 3;
    }
    // Below the answer, on a narrow screen, an opened source would stay out of sight.
    if (data.reveal && window.innerWidth < 900) box.scrollIntoView({ block: "start", behavior: "smooth" });
  });
}
