"""Pictures of pages (PNG, JPEG, TIFF with its pages, BMP, GIF, WebP), by text recognition where that is installed."""

import io

from ingestion.canonical import CanonicalWriter
from ingestion.config import ParsingLimits
from ingestion.errors import CorruptFileError, LimitExceededError, NoTextLayerError
from ingestion.parsers.pdf import ocr
from ingestion.parsers.pdf.layout import reading_order
from ingestion.parsers.pdf.lines import Line
from ingestion.parsers.pdf.text import write_pages
from ingestion.sniff import IMAGES, media_type_of
from ingestion.types import Document, Source

_MAX_PIXELS = 100_000_000


def parse(source: Source, limits: ParsingLimits) -> Document:
    """Recognise the text of a picture; a pixel counts as a point.

    Raises:
        NoTextLayerError: If text recognition is not installed, or finds nothing.
        CorruptFileError: If the picture is damaged.
        LimitExceededError: If it has too many pixels or pages.
    """
    media_type = media_type_of(source)
    if not ocr.is_available():
        raise NoTextLayerError(
            f"The file is a {IMAGES[media_type]}, and text recognition is not installed.", ocr.INSTALL_HINT
        )
    pages = _read_pages(source.data, limits)
    writer = CanonicalWriter(limits)
    write_pages(pages, writer)
    if not writer.has_text:
        raise NoTextLayerError(
            "No text was recognised in the picture.", "Upload a sharper or larger picture."
        )
    return writer.build(media_type=media_type)


def _read_pages(data: bytes, limits: ParsingLimits) -> list[list[Line]]:
    import numpy as np
    from PIL import Image, ImageOps, ImageSequence

    pages: list[list[Line]] = []
    try:
        with Image.open(io.BytesIO(data)) as picture:
            if getattr(picture, "n_frames", 1) > limits.max_pages:
                raise LimitExceededError(f"The picture has more than {limits.max_pages} pages.")
            # An animation shows one page; only TIFF holds several.
            frames = ImageSequence.Iterator(picture) if picture.format == "TIFF" else [picture]
            for frame in frames:
                width, height = frame.size
                if width * height > _MAX_PIXELS:
                    raise LimitExceededError(f"The picture has more than {_MAX_PIXELS:,} pixels.")
                upright = ImageOps.exif_transpose(frame).convert("RGB")
                shown_width, shown_height = upright.size
                upright.thumbnail((ocr.MAX_SIDE_PX, ocr.MAX_SIDE_PX))
                lines = ocr.lines_in(np.asarray(upright)[:, :, ::-1], shown_width, shown_height)
                pages.append(reading_order(lines))
    except (OSError, SyntaxError, ValueError) as error:
        raise CorruptFileError("The picture is damaged or was cut off.") from error
    except Image.DecompressionBombError as error:
        raise LimitExceededError(f"The picture has more than {_MAX_PIXELS:,} pixels.") from error
    return pages
