// The calls of the JavaScript clients, each made once and checked; see benchmarks/clients.py.
//   node client_calls.mjs ADDRESS PYTHON
import OpenAI, { toFile } from "openai";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { readFileSync } from "node:fs";

const [address, python] = process.argv.slice(2);
const QUESTION = "What do ducks eat?", SAID = "weeds", MODEL = "fathom:birds";
const folder = new URL("./node_modules/", import.meta.url);
const versionOf = (name) => JSON.parse(readFileSync(new URL(`${name}/package.json`, folder))).version;

async function told(client, name, call, make) {
  let error = null;
  try {
    if (!(await make())) error = "not what was expected";
  } catch (failed) {
    error = `${failed.name}: ${failed.message}`.slice(0, 300).replaceAll("\n", " ");
  }
  console.log(JSON.stringify({ client, version: versionOf(name), call, error }));
}

const openai = new OpenAI({ baseURL: `${address}/openai/v1`, apiKey: "none" });
const messages = [{ role: "user", content: QUESTION }];
const kept = {};
const js = (call, make) => told("OpenAI JavaScript", "openai", call, make);
await js("models.list", async () => {
  for await (const model of openai.models.list()) if (model.id === MODEL) return true;
});
await js("chat.completions.create", async () =>
  (await openai.chat.completions.create({ model: MODEL, messages })).choices[0].message.content.includes(SAID));
await js("chat.completions.create(stream)", async () => {
  let text = "";
  for await (const chunk of await openai.chat.completions.create({ model: MODEL, messages, stream: true }))
    text += chunk.choices[0]?.delta?.content ?? "";
  return text.includes(SAID);
});
await js("embeddings.create", async () =>
  (await openai.embeddings.create({ model: "encoder", input: "ducks" })).data[0].embedding.length > 100);
await js("responses.create", async () => {
  kept.response = await openai.responses.create({ model: MODEL, input: QUESTION });
  return kept.response.output_text.includes(SAID) && kept.response.output.at(-1).content[0].annotations.length;
});
await js("responses.create(previous_response_id)", async () =>
  (await openai.responses.create({ model: MODEL, input: "And how many eggs?", previous_response_id: kept.response.id }))
    .status === "completed");
await js("responses.stream", async () => {
  const stream = openai.responses.stream({ model: MODEL, input: QUESTION });
  return (await stream.finalResponse()).output_text.includes(SAID);
});
await js("vector_stores.create", async () => {
  kept.store = await openai.vectorStores.create({ name: "openai-javascript" });
  return kept.store.id;
});
await js("vector_stores.files.uploadAndPoll", async () => {
  const sheep = await toFile(Buffer.from("# Sheep\n\nSheep graze on dry meadows.\n"), "sheep.md");
  kept.file = await openai.vectorStores.files.uploadAndPoll(kept.store.id, sheep);
  return kept.file.status === "completed";
});
await js("vector_stores.file_batches.uploadAndPoll", async () => {
  const files = [await toFile(Buffer.from("# Owls\n\nOwls hunt at night.\n"), "owls.md")];
  const done = await openai.vectorStores.fileBatches.uploadAndPoll(kept.store.id, { files });
  return done.status === "completed" && done.file_counts.completed === 1;
});
await js("responses.create(file_search)", async () => {
  const tools = [{ type: "file_search", vector_store_ids: [kept.store.id] }];
  const reply = await openai.responses.create({ model: "fathom", input: "Where do sheep graze?", tools });
  return reply.output.at(-1).content[0].annotations[0].filename === "sheep.md";
});
await js("vector_stores.search", async () => {
  for await (const hit of openai.vectorStores.search(kept.store.id, { query: "Where do sheep graze?" }))
    return hit.content[0].text.includes("meadows");
});
await js("files.delete", async () => (await openai.files.delete(kept.file.id)).deleted);
await js("vector_stores.delete", async () => (await openai.vectorStores.delete(kept.store.id)).deleted);

const transports = {
  http: () => new StreamableHTTPClientTransport(new URL(`${address}/mcp`)),
  stdio: () => new StdioClientTransport({ command: python, args: ["-m", "app", "mcp", "--url", address] }),
};
for (const [name, transport] of Object.entries(transports))
  await told("MCP JavaScript", "@modelcontextprotocol/sdk", name, async () => {
    const client = new Client({ name: "clients", version: "1" });
    await client.connect(transport());
    try {
      const names = (await client.listTools()).tools.map((tool) => tool.name).sort().join();
      const call = async (tool, args) => (await client.callTool({ name: tool, arguments: args })).structuredContent;
      const answer = await call("ask", { question: QUESTION });
      const [hit] = (await call("search", { query: QUESTION })).results;
      const fetched = await call("fetch", { id: hit.id });
      const [part] = (await client.readResource({ uri: answer.citations[0].id })).contents;
      return names === "ask,fetch,list,search" && answer.answer.includes(SAID) && fetched.text === hit.text
        && part.text === answer.citations[0].quote && (await call("list", {})).collections.length > 0;
    } finally {
      await client.close();
    }
  });
