"""The REST reference as Markdown: routes by tag, each with a curl request and its reply, then the objects.

Requests and replies are the examples of the schemas; `tests/project/test_rest_examples.py` validates them.
"""

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any, Final
from urllib.parse import quote, urlencode

HOST: Final = "http://127.0.0.1:8000"
METHODS: Final = ("get", "post", "put", "patch", "delete")
WIDTH: Final = 142
_JSON: Final = "application/json"
_PAGE: Final = "Page_"
_PROBLEM: Final = "Problem"
# Another's protocol: docs/openai.md says what is supported of it.
_OPENAI: Final = "openai"
# Descriptions that FastAPI writes where a route has none: the status says the same.
_NO_DESCRIPTION: Final = {"Successful Response", "Service Unavailable"}

Json = dict[str, Any]


def reference(api: Json) -> str:
    """The page for an OpenAPI document.

    Args:
        api: The document, as `/openapi.json` gives it.
    """
    schemas = api["components"]["schemas"]
    routes = [
        (f"{method.upper()} {path}", operation)
        for path, item in api["paths"].items()
        for method, operation in sorted(item.items(), key=lambda entry: METHODS.index(entry[0]))
        if operation["tags"] != [_OPENAI]
    ]
    lines = ["# REST reference", "", _one_line(api["info"]["description"]), ""]
    lines += [
        "Bodies are JSON unless a route says otherwise. The same as OpenAPI, for tools: `/openapi.json`.",
        "",
    ]
    lines += _shared(routes, schemas)
    shown: dict[str, str] = {}
    for tag in dict.fromkeys(operation["tags"][0] for _, operation in routes):
        lines += [f"## {tag.capitalize()}", ""]
        for route, operation in routes:
            if operation["tags"][0] == tag:
                lines += _route(route, operation, schemas, shown)
    lines += _objects(_named_by(routes, schemas))
    return "\n".join(lines).rstrip() + "\n"


def _shared(routes: list[tuple[str, Json]], schemas: Json) -> Iterator[str]:
    """The parts of many routes: names in paths, pages of lists, problems."""
    named = {
        parameter["name"]: _one_line(parameter["description"])
        for _, operation in routes
        for parameter in operation.get("parameters", ())
        if parameter["in"] == "path"
    }
    yield from [*(f"- `{{{name}}}` in a path: {meaning}" for name, meaning in named.items()), ""]
    page = next(schema for name, schema in schemas.items() if name.startswith(_PAGE))
    following = _one_line(page["properties"]["next_cursor"]["description"])
    yield f"A page of a list has `items`, `has_more` and `next_cursor`. {following}"
    yield ""
    problem = schemas[_PROBLEM]
    yield "Every route under `/v1` may answer with a problem instead, as `application/problem+json`:"
    yield ""
    example = _complete(problem["example"], problem, schemas, whole=False)
    yield from ["```json", *_packed(example).split("\n"), "```", ""]
    yield from _table(problem["properties"], set())


def _route(route: str, operation: Json, schemas: Json, shown: dict[str, str]) -> Iterator[str]:
    """One route.

    Args:
        route: Method and path.
        operation: Its description in OpenAPI.
        schemas: All schemas by name.
        shown: First route by its reply; a later route names it instead of the same reply.
    """
    yield from [f"### {route}", "", str(operation.get("description", operation["summary"])).strip(), ""]
    parameters = [one for one in operation.get("parameters", ()) if one["in"] != "path"]
    for one in parameters:
        yield f"- `{one['name']}` ({one['in']}, {_type(one['schema'])}): {_one_line(one['description'])}"
    if parameters:
        yield ""
    commands = [_curl(route, operation)]
    bodies = operation.get("requestBody", {}).get("content", {})
    if bodies:
        commands = [_with_body(commands[0], content["schema"], schemas) for content in bodies.values()]
    for media, content in bodies.items():
        if "$ref" not in content["schema"]:
            yield from [f"Body, `{media}`:", ""]
            yield from _table(content["schema"]["properties"], set(content["schema"]["required"]))
    sent = [
        f"Body: {_type(content['schema'])}." for content in bodies.values() if "$ref" in content["schema"]
    ]
    answered, reply = _replies(operation["responses"], schemas)
    first = shown.setdefault("\n".join(reply), f"[{route}](#{_anchor(route)})")
    if len(reply) > 3 and f"#{_anchor(route)})" not in first:
        answered, reply = f"{answered} As at {first}.", []
    yield from [" ".join([*sent, answered]), ""]
    yield from ["```", *(f"$ {command}" for command in commands), *reply, "```", ""]


def _anchor(heading: str) -> str:
    return "".join(c for c in heading.lower().replace(" ", "-") if c.isalnum() or c in "-_")


def _curl(route: str, operation: Json) -> str:
    method, filled = route.split(" ", 1)
    query = {}
    for one in operation.get("parameters", ()):
        examples = one["schema"].get("examples")
        if one["in"] == "path":
            filled = filled.replace(f"{{{one['name']}}}", quote(str(examples[0])))
        elif examples:
            query[one["name"]] = examples[0]
    address = f"{HOST}{filled}" + (f"?{urlencode(query)}" if query else "")
    return f"curl -s {'' if method == 'GET' else f'-X {method} '}{shlex.quote(address)}"


def _with_body(command: str, schema: Json, schemas: Json) -> str:
    """A curl command with its body, JSON in lines that fit, or the files of a form."""
    command = command.replace("-X POST ", "")  # curl posts a body by itself
    example = _resolved(schema, schemas).get("example")
    if example is None:
        return " ".join([command, *(f"-F {field}=@start.md" for field in schema["required"])])
    example = _complete(example, schema, schemas, whole=False)
    text = json.dumps(example, ensure_ascii=False)
    return f"{command} --json '{text if len(command) + len(text) <= WIDTH else _packed(example)}'"


def _replies(responses: Json, schemas: Json) -> tuple[str, list[str]]:
    """The line on the replies of a route, and the lines of the first reply that has an example."""
    said: list[str] = []
    lines: list[str] = []
    for status, response in responses.items():
        if status == "default":
            continue
        kinds = []
        for media, content in response.get("content", {}).items():
            schema = content.get("schema", {})
            kinds.append(_type(schema) if media == _JSON else f"`{media}`")
            example = content.get("example", _resolved(schema, schemas).get("example"))
            if example is not None and not lines:
                lines = _example(example, schema, schemas)
        told = response["description"]
        end = "." if told in _NO_DESCRIPTION else f": {_one_line(told)}"
        said.append(f"{status} {' or '.join(kinds) or 'without a body'}{end}")
    return f"Reply: {' '.join(said)}", lines


def _example(example: Any, schema: Json, schemas: Json) -> list[str]:
    text = (
        example.rstrip()
        if isinstance(example, str)
        else _packed(_complete(example, schema, schemas, whole=True))
    )
    return text.split("\n")


def _complete(example: Any, schema: Json, schemas: Json, *, whole: bool) -> Any:
    """An example with its fields in the order of the schema; a reply with the nulls that OpenAPI documents lose."""
    schema = _resolved(schema, schemas)
    if isinstance(example, list) and "items" in schema:
        return [_complete(item, schema["items"], schemas, whole=whole) for item in example]
    if isinstance(example, dict) and "anyOf" in schema:
        known = next(one for one in schema["anyOf"] if one != {"type": "null"})
        return _complete(example, known, schemas, whole=whole)
    if not isinstance(example, dict) or "properties" not in schema:
        return example
    return {
        field: _complete(example.get(field), inner, schemas, whole=whole)
        for field, inner in schema["properties"].items()
        if field in example or whole
    }


def _named_by(routes: list[tuple[str, Json]], schemas: Json) -> Json:
    """The schemas that routes name, and those that they name in turn."""
    named: Json = {}
    found = _references([operation for _, operation in routes])
    while new := found - named.keys():
        named |= {name: schemas[name] for name in new}
        found = _references([schemas[name] for name in new])
    return named


def _references(part: Any) -> set[str]:
    return set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(part)))


def _objects(schemas: Json) -> Iterator[str]:
    """Objects with several explained fields, a table each; then the others, a row each."""
    objects = {
        name: schema
        for name, schema in sorted(schemas.items())
        if name != _PROBLEM and not name.startswith(_PAGE)
    }
    small = {
        name: schema
        for name, schema in objects.items()
        if sum("description" in inner for inner in schema["properties"].values()) < 3
    }
    yield from ["## Objects", ""]
    for name, schema in objects.items():
        if name not in small:
            yield from [f"### {name}", "", _one_line(schema["description"]), ""]
            yield from _table(schema["properties"], _to_send(schema))
    yield from ["### Small objects", "", "| object | meaning | fields |", "| --- | --- | --- |"]
    for name, schema in small.items():
        fields = _fields(schema["properties"], _to_send(schema))
        yield f'| <a id="{name.lower()}"></a>{name} | {_one_line(schema["description"])} | {fields} |'


def _to_send(schema: Json) -> set[str]:
    """Required fields of a request. Replies have all their fields, so that the word would say nothing there."""
    return set(schema.get("required", ())) if schema.get("additionalProperties") is False else set()


def _table(properties: Json, required: set[str]) -> Iterator[str]:
    """A table of the fields with a meaning, and a line with the fields that their names explain.

    Args:
        properties: Schemas by field.
        required: Fields to mark as required.
    """
    plain = {field: inner for field, inner in properties.items() if "description" not in inner}
    yield from ["| field | type | meaning |", "| --- | --- | --- |"]
    for field, inner in properties.items():
        if field not in plain:
            needed = ", required" if field in required else ""
            yield f"| `{field}` | {_type(inner)}{needed} | {_one_line(inner['description'])} |"
    if plain:
        yield f"| and | | {_fields(plain, required)} |"
    yield ""


def _fields(properties: Json, required: set[str]) -> str:
    return "; ".join(
        f"`{field}` {_type(inner)}{', required' if field in required else ''}"
        + (f" ({_one_line(inner['description']).rstrip('.')})" if "description" in inner else "")
        for field, inner in properties.items()
    )


def _type(schema: Json) -> str:
    if "$ref" in schema:
        name = schema["$ref"].rsplit("/", 1)[1]
        item = name.removeprefix(_PAGE).rstrip("_")
        return f"{'page of ' if item != name else ''}[{item}](#{item.lower()})"
    if "enum" in schema:
        return " or ".join(f"`{json.dumps(value)}`" for value in schema["enum"])
    if "const" in schema:
        return f"`{json.dumps(schema['const'])}`"
    if "anyOf" in schema:
        return " or ".join(_type(one) for one in schema["anyOf"])
    if schema.get("type") == "array":
        items = schema.get("items", {"type": f"{len(schema.get('prefixItems', ()))} numbers"})
        return f"list of {_type(items)}"
    if schema.get("format") in {"date-time", "binary"}:
        return "time" if schema["format"] == "date-time" else "file"
    return str(schema.get("type", "any"))


def _resolved(schema: Json, schemas: Json) -> Json:
    found: Json = schemas[schema["$ref"].rsplit("/", 1)[1]] if "$ref" in schema else schema
    return found


def _packed(value: Any, depth: int = 0) -> str:
    """JSON in lines of `WIDTH` characters, as many short entries to a line as fit."""
    text = json.dumps(value, ensure_ascii=False)
    if len(text) + 2 * depth < WIDTH or not isinstance(value, dict | list):
        return text
    if isinstance(value, list) and len(value) == 1:
        return f"[{_packed(value[0], depth)}]"
    entries = [_packed(item, depth + 1) for item in (value.values() if isinstance(value, dict) else value)]
    if isinstance(value, dict):
        entries = [f"{json.dumps(key)}: {entry}" for key, entry in zip(value, entries, strict=True)]
    indent = "  " * (depth + 1)
    lines: list[str] = []
    for number, entry in enumerate(entries, 1):
        piece = entry + ("," if number < len(entries) else "")
        if lines and "\n" not in piece + lines[-1] and len(lines[-1]) + len(piece) < WIDTH:
            lines[-1] += f" {piece}"
        else:
            lines.append(indent + piece)
    opening, closing = "{}" if isinstance(value, dict) else "[]"
    return "\n".join([opening, *lines, "  " * depth + closing])


def _one_line(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")
