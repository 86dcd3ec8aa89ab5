"""A page as it lies before the reader of a text: text that runs upwards or downwards is read with the page turned."""

from dataclasses import dataclass, field

from ingestion.types import Box


@dataclass(frozen=True, slots=True)
class Frame:
    """Maps places on a page to places as a text is read, with the page's lower left corner at 0, 0, and back.

    Attributes:
        page: Visible rectangle of the page in PDF user space: left, bottom, right, top, in points.
        turns: Quarter turns, counter-clockwise, of the text in user space.
        is_page: Whether places are the same in both.
    """

    page: Box
    turns: int = 0
    is_page: bool = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "is_page", self.turns == 0 and self.page[:2] == (0, 0))

    @property
    def height(self) -> float:
        """Height of the page as the text is read."""
        left, bottom, right, top = self.page
        return right - left if self.turns % 2 else top - bottom

    def to_reader(self, box: Box) -> Box:
        """Rectangle as the text is read, of one in user space."""
        left, bottom, right, top = self.page
        x0, y0, x1, y1 = box
        if self.turns == 0:
            return x0 - left, y0 - bottom, x1 - left, y1 - bottom
        if self.turns == 1:
            return y0 - bottom, right - x1, y1 - bottom, right - x0
        if self.turns == 2:
            return right - x1, top - y1, right - x0, top - y0
        return top - y1, x0 - left, top - y0, x1 - left

    def to_page(self, box: Box) -> Box:
        """Rectangle in user space, of one as the text is read."""
        left, bottom, right, top = self.page
        x0, y0, x1, y1 = box
        if self.turns == 0:
            return x0 + left, y0 + bottom, x1 + left, y1 + bottom
        if self.turns == 1:
            return right - y1, x0 + bottom, right - y0, x1 + bottom
        if self.turns == 2:
            return right - x1, top - y1, right - x0, top - y0
        return y0 + left, top - x1, y1 + left, top - x0
