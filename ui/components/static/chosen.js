// Follows files from the choice until the page has them. Draws nothing. {limit} in bytes, {area}: where they are
// for, {came}: [name, size] of all that came in this session.
// The upload area loses files without a word: where its question for addresses goes unanswered, since a run of the
// page began in that moment; where an upload fails beside others; where the area is emptied while it takes more.
// So once it has settled, what did not come is put into it once more, and told if that fails too.
const TICK_MS = 300;
const QUIET_TICKS = 8;
const byTestId = (id) => document.querySelector(`[data-testid=${id}]`);
const same = (a, b) => a.name === b.name && a.size === b.size;
// Beyond the page's own life: who looks at another page meanwhile finds the rest here.
const watched = () => (window.fathomChosen ??= { waiting: [], seen: 0, quiet: 0 });
const choose = (files, area) => {
  watched().waiting.push(...files.map((file) => ({ file, area, again: false })));
  watched().quiet = 0;
};
const putAgain = (files) => {
  const input = byTestId("stFileUploaderDropzoneInput");
  if (!input) return false;
  const given = new DataTransfer();
  for (const file of files) given.items.add(file);
  input.files = given.files;
  const event = new Event("change", { bubbles: true });
  event.fathomAgain = true;
  input.dispatchEvent(event);
  return true;
};
// Files of a drop; what is in a folder comes under names that nobody knows yet.
const dropped = (transfer) =>
  [...(transfer?.items ?? [])].filter((i) => i.kind === "file" && !i.webkitGetAsEntry?.()?.isDirectory).map((i) => i.getAsFile());
const settle = (data, tell) => {
  const state = watched();
  const inWork = document.querySelector("[data-testid=stFileChip]:not([aria-invalid])") || byTestId("stSpinner");
  state.quiet = inWork || !byTestId("stFileUploader") ? 0 : state.quiet + 1;
  const tooLarge = ({ file }) => file.size > data.limit;
  if (state.quiet < (state.waiting.every(tooLarge) ? 1 : QUIET_TICKS)) return;
  state.quiet = 0;
  const once = state.waiting.filter((w) => !w.again && !tooLarge(w) && w.area === data.area);
  const lost = state.waiting.filter((w) => !once.includes(w));
  state.waiting = once;
  for (const w of once) w.again = true;
  if (lost.length) tell(lost.map(({ file: { name, size } }) => ({ name, size })));
  if (once.length && !putAgain(once.map((w) => w.file))) state.quiet = 0;
};
export default function ({ parentElement, data, setTriggerValue }) {
  const state = watched();
  if (state.seen > data.came.length) state.seen = 0; // another session
  for (const [name, size] of data.came.slice(state.seen)) {
    const at = state.waiting.findIndex(({ file }) => same(file, { name, size }));
    if (at >= 0) state.waiting.splice(at, 1);
  }
  state.seen = data.came.length;
  // This runs with every redraw: the watch before goes first.
  parentElement.stopWatching?.();
  const stop = new AbortController();
  const options = { capture: true, signal: stop.signal };
  document.addEventListener("change", (event) => {
    if (event.target?.dataset?.testid === "stFileUploaderDropzoneInput" && !event.fathomAgain)
      choose([...event.target.files], data.area);
  }, options);
  document.addEventListener("drop", (event) => {
    if (event.target?.closest?.("[data-testid=stFileUploader]")) choose(dropped(event.dataTransfer), data.area);
  }, options);
  document.addEventListener("click", (event) => {
    const chip = event.target?.closest?.("[data-testid=stFileChipDeleteBtn]")?.closest("[data-testid=stFileChip]");
    const name = chip?.querySelector("[data-testid=stFileChipName]")?.title;
    const at = watched().waiting.findIndex((w) => w.file.name === name);
    if (at >= 0) watched().waiting.splice(at, 1); // somebody took it back
  }, options);
  const timer = setInterval(() => watched().waiting.length && settle(data, (files) => setTriggerValue("lost", files)), TICK_MS);
  stop.signal.addEventListener("abort", () => clearInterval(timer));
  parentElement.stopWatching = () => stop.abort();
  return () => stop.abort();
}
