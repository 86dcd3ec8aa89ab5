"""Asynchronous work as an iterator of a thread: it never blocks for longer than a moment, and closing it cancels.

A blocking read can't be ended from outside; a task can, whatever it waits for (a name, a connection, a header, the
next byte). So the work runs as the one task of a loop of its own, and the loop runs only while the thread asks for
the next item.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Generator
from typing import TypeVar

T = TypeVar("T")
Work = Callable[[Callable[[T], None]], Awaitable[None]]
"""Hands on each item to the function that it is given."""


def steps(work: Work[T], wait_s: float) -> Generator[T | None, None, None]:
    """Yield the items of the work, and None whenever none arrived for `wait_s` seconds.

    Raises:
        Exception: Whatever the work raises, after the items before it.
    """
    loop = asyncio.new_event_loop()
    arrived: deque[T] = deque()
    news = asyncio.Event()

    def take(item: T) -> None:
        arrived.append(item)
        news.set()

    async def run() -> None:
        try:
            await work(take)
        finally:
            news.set()

    async def look() -> None:
        try:
            async with asyncio.timeout(wait_s):
                await news.wait()
        except TimeoutError:
            return
        news.clear()

    task = loop.create_task(run())
    try:
        while not task.done():
            loop.run_until_complete(look())
            if not arrived and not task.done():
                yield None
            while arrived:
                yield arrived.popleft()
        task.result()
    finally:
        task.cancel()
        loop.run_until_complete(asyncio.gather(task, return_exceptions=True))
        loop.run_until_complete(loop.shutdown_asyncgens())
        loop.close()
