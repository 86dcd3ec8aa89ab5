"""Wire types from views of rows, and the options of a request from wire types."""

from collections.abc import Sequence

from app.answers.types import Answer, Provenance
from app.db.views import CanonicalText, ChunkView, DocumentView, JobView, VersionView
from app.intake.coverage import warnings_of
from app.library.collections import CollectionView
from app.library.deletions import BinItemView
from app.schemas.answers import AnswerOut
from app.schemas.collections import CollectionOut
from app.schemas.deletions import BinItemOut
from app.schemas.documents import ChunkOut, ContentOut, DocumentOut
from app.schemas.history import TurnIn
from app.schemas.jobs import JobOut
from app.schemas.provenance import ProvenanceOut
from app.schemas.ranking import RankingOptions
from app.search.scope import RankingChoice
from app.settings.groups import LimitSettings
from retrieval.follow_up import Turn


def ranking_choice(options: RankingOptions) -> RankingChoice:
    """Ranking options that a request sets."""
    return RankingChoice(**options.model_dump(include=set(RankingOptions.model_fields)))


def turns(history: Sequence[TurnIn]) -> tuple[Turn, ...]:
    """The earlier turns of a conversation."""
    return tuple(Turn(question=turn.question, answer=turn.answer or "") for turn in history)


def answer_out(answer: Answer) -> AnswerOut:
    """An answer as it is shown."""
    return AnswerOut.model_validate(answer, from_attributes=True)


def provenance_out(provenance: Provenance) -> ProvenanceOut:
    """Where each token of an answer comes from, as it is shown."""
    return ProvenanceOut.model_validate(provenance, from_attributes=True)


def collection_out(view: CollectionView) -> CollectionOut:
    """A collection as it is shown."""
    row = view.row
    return CollectionOut.model_validate(
        {
            "id": row.id,
            "name": row.name,
            "description": row.description,
            "language": row.language,
            "settings": row.settings,
            "documents": view.stats.documents,
            "chunks": view.stats.chunks,
            "failed": view.stats.failed,
            "reembedding": view.waiting.documents,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
    )


def document_out(view: DocumentView, limits: LimitSettings) -> DocumentOut:
    """A document as it is shown: state of the newest version, facts of its content once there is some."""
    row, newest, content, job = view.document, view.newest, view.newest_content, view.job
    return DocumentOut.model_validate(
        {
            "id": row.id,
            "collection_id": row.collection_id,
            "name": row.name,
            "external_id": row.external_id,
            "parent_id": row.parent_id,
            "media_type": newest.media_type,
            "size_bytes": view.size_bytes,
            "sha256": newest.sha256,
            "title": newest.title or (view.serving.title if view.serving else "") or row.name,
            "language": content.language if content else None,
            "status": newest.status,
            "enabled": row.enabled,
            "version": row.version,
            "serving_version": view.serving.number if view.serving else None,
            "chunks": view.chunks,
            "pages": content.page_count if content else 0,
            "metadata": row.meta,
            "tags": list(view.tags),
            "dropped": content.dropped if content else [],
            "coverage": content.coverage if content else None,
            "warnings": warnings_of(view, limits.min_coverage),
            "error": newest.error,
            "job_id": job.id if job else None,
            "progress": {"done": job.done, "total": job.total} if job and job.is_open else None,
            "created_at": row.created_at,
            "updated_at": row.updated_at,
        }
    )


def bin_item_out(item: BinItemView) -> BinItemOut:
    """A deletion that can be undone, as it is shown."""
    return BinItemOut.model_validate(item, from_attributes=True)


def job_out(job: JobView) -> JobOut:
    """A job as it is shown."""
    return JobOut.model_validate(job, from_attributes=True)


def chunk_out(body: ChunkView) -> ChunkOut:
    """A chunk as it is shown."""
    return ChunkOut.model_validate(
        {
            "id": body.id,
            "document_id": body.document_id,
            "index": body.position,
            "start": body.start,
            "end": body.end,
            "text": body.text,
            "token_count": body.token_count,
            "language": body.language,
            "heading_path": body.heading_path,
            "page": body.page,
            "page_end": body.page_end,
            "sentences": body.sentences,
            "enabled": body.enabled,
        }
    )


def content_out(version: VersionView, content: CanonicalText) -> ContentOut:
    """The canonical text of a document's serving version with its structure."""
    return ContentOut.model_validate(
        {
            "document_id": version.document_id,
            "title": version.title,
            "text": content.text,
            "pages": content.pages,
            "blocks": content.blocks,
        }
    )
