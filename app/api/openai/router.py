"""All routes of OpenAI's protocol."""

from fastapi import APIRouter

from app.api.openai import chat, embeddings, files, models, responses, store_files, stores
from app.api.openai_errors import ERROR_RESPONSES

router = APIRouter(prefix="/openai/v1", tags=["openai"], responses=ERROR_RESPONSES)
for part in (chat, responses, models, embeddings, stores, store_files, files):
    router.include_router(part.router)
