"""The client of the configured model server, shared by answers and health checks."""

from typing import TYPE_CHECKING

from app.settings.schema import Settings

if TYPE_CHECKING:
    from generator.openai.client import ChatClient


def model_server(settings: Settings) -> "ChatClient":
    """A client of the configured model server; nothing is connected yet."""
    from generator.openai.client import ChatClient, ServerConfig

    named = settings.openai
    assert named.base_url is not None
    assert named.model is not None
    return ChatClient(
        ServerConfig(
            base_url=str(named.base_url),
            model=named.model,
            api_key=None if named.api_key is None else named.api_key.get_secret_value(),
            timeout_s=named.timeout_s,
        )
    )
