"""All routes of OpenAI's protocol."""

from fastapi import APIRouter

from app.api.openai import chat, embeddings, models

router = APIRouter(prefix="/openai/v1", tags=["openai"])
for part in (chat, models, embeddings):
    router.include_router(part.router)
