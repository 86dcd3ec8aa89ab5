// A button that copies a text: {text, label, done, shown}; `shown` draws the text beside it.
const copyText = async (text) => {
  if (navigator.clipboard && window.isSecureContext) return navigator.clipboard.writeText(text);
  // Over plain HTTP there is no clipboard: copy a selection instead.
  const area = document.createElement("textarea");
  area.value = text;
  area.style.cssText = "position:fixed;opacity:0";
  document.body.append(area);
  area.select();
  const copied = document.execCommand("copy");
  area.remove();
  if (!copied) throw new Error("copy");
};
export default function ({ parentElement, data }) {
  redraw(parentElement, (root) => {
    root.append(make("span", "row"));
    const row = root.firstChild;
    if (data.shown) row.append(make("code", "secret", data.text));
    const said = make("span", "said");
    said.setAttribute("role", "status");
    const copy = button(data.label, "copy", () =>
      copyText(data.text).then(() => { said.textContent = data.done; }, () => { said.textContent = data.failed; }));
    copy.dataset.at = "copy";
    row.append(copy, said);
  });
}
