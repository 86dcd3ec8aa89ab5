// Tells of files beyond the limit, as they are chosen or dropped: {limit} in bytes. Draws nothing.
export default function ({ parentElement, data, setTriggerValue }) {
  const watch = (event) => {
    const files = event.type === "drop" ? event.dataTransfer?.files : event.target?.files;
    const large = [...(files ?? [])].filter((file) => file.size > data.limit);
    if (large.length) setTriggerValue("refused", large.map(({ name, size }) => ({ name, size })));
  };
  // This runs with every redraw: the watch before goes first.
  parentElement.stopWatching?.();
  const stop = new AbortController();
  parentElement.stopWatching = () => stop.abort();
  for (const type of ["change", "drop"]) document.addEventListener(type, watch, { capture: true, signal: stop.signal });
  return () => stop.abort();
}
