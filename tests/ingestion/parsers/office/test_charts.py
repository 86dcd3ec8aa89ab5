"""Charts of every kind as tables: categories, points, dates, levels, titles of axes."""

import io

import pytest
from lxml import etree
from pptx import Presentation
from pptx.chart.data import BubbleChartData, CategoryChartData, XyChartData
from pptx.enum.chart import XL_CHART_TYPE
from pptx.util import Inches

from ingestion.canonical import CanonicalWriter
from ingestion.config import ParsingLimits
from ingestion.parsers.office.charts import chart_grids

SPACE = 'xmlns:c="http://schemas.openxmlformats.org/drawingml/2006/chart"'


def text_of(xml: bytes) -> str:
    writer = CanonicalWriter(ParsingLimits())
    for grid in chart_grids(etree.fromstring(xml)):
        writer.grid(grid)
    return writer.build(media_type="x").text


def part(kind: XL_CHART_TYPE, data, *, title: str = "") -> bytes:
    """The XML of a chart as a program writes it."""
    presentation = Presentation()
    shapes = presentation.slides.add_slide(presentation.slide_layouts[6]).shapes
    chart = shapes.add_chart(kind, 0, 0, Inches(3), Inches(3), data).chart
    if title:
        chart.chart_title.text_frame.text = title
    presentation.save(io.BytesIO())
    return chart.part.blob


def two_categories(number_format: str = "General") -> CategoryChartData:
    data = CategoryChartData(number_format=number_format)
    data.categories = ["North", "South"]
    data.add_series("Tonnes", (0.25, 0.5))
    return data


@pytest.mark.parametrize(
    ("plain", "solid"),
    [
        ("barChart", "bar3DChart"),
        ("barChart", "area3DChart"),
        ("barChart", "line3DChart"),
        ("barChart", "surface3DChart"),
        ("barChart", "ofPieChart"),
        ("barChart", "stockChart"),
    ],
)
def test_any_kind_of_plot_gives_its_numbers(plain: str, solid: str) -> None:
    xml = part(XL_CHART_TYPE.COLUMN_CLUSTERED, two_categories(), title="Harvest")
    assert text_of(xml.replace(plain.encode(), solid.encode())) == (
        "Harvest\n\nNorth | Tonnes: 0.25\nSouth | Tonnes: 0.5"
    )


def test_percentages_are_written_as_shown() -> None:
    xml = part(XL_CHART_TYPE.PIE, two_categories("0%"))
    assert "North | Tonnes: 25%" in text_of(xml)


def test_points_keep_their_x_values_and_bubbles_their_size() -> None:
    points = XyChartData()
    points.add_series("Load").add_data_point(1, 2.5)
    assert text_of(part(XL_CHART_TYPE.XY_SCATTER, points)) == "X: 1 | Load: 2.5"
    bubbles = BubbleChartData()
    bubbles.add_series("Load").add_data_point(1, 2.5, 7)
    assert text_of(part(XL_CHART_TYPE.BUBBLE, bubbles)) == "X: 1 | Load: 2.5 | Size: 7"


@pytest.mark.parametrize(
    ("code", "number", "shown"),
    [
        (r"yyyy\-mm\-dd", "45292.0", "2024-01-01"),
        ("mmm-yy", "45323", "2024-02"),
        ("yyyy", "45323", "2024"),
        ('[$-804]yyyy"年"m"月"d"日"', "45323", "2024-02-01"),
        ("d/m h:mm", "45323.5", "2024-02-01 12:00"),
        ("General", "45323.0", "45323"),
        ('0.0" days"', "3.0", "3"),
    ],
)
def test_dates_on_an_axis_are_dates(code: str, number: str, shown: str) -> None:
    code = code.replace('"', "&quot;")
    xml = (
        f"<c:chartSpace {SPACE}><c:chart><c:plotArea><c:lineChart><c:ser><c:tx><c:v>A</c:v></c:tx><c:cat><c:numRef>"
        f'<c:numCache><c:formatCode>{code}</c:formatCode><c:pt idx="0"><c:v>{number}</c:v></c:pt></c:numCache>'
        '</c:numRef></c:cat><c:val><c:numLit><c:pt idx="0"><c:v>5</c:v></c:pt></c:numLit></c:val></c:ser></c:lineChart>'
        "</c:plotArea></c:chart></c:chartSpace>"
    )
    assert text_of(xml.encode()) == f"{shown} | A: 5"
    mac = xml.replace("<c:chart>", '<c:date1904 val="1"/><c:chart>')
    if shown == "2024-01-01":
        assert text_of(mac.encode()) == "2028-01-02 | A: 5"


def test_upper_levels_of_categories_stand_beside_the_lower_ones() -> None:
    data = CategoryChartData()
    for region, countries in (("EU", ("DE", "FR")), ("Asia", ("CN", "JP"))):
        upper = data.add_category(region)
        for country in countries:
            upper.add_sub_category(country)
    data.add_series("A", (1, 2, 3, 4))
    assert text_of(part(XL_CHART_TYPE.COLUMN_CLUSTERED, data)) == (
        "EU | DE | A: 1\nEU | FR | A: 2\nAsia | CN | A: 3\nAsia | JP | A: 4"
    )


def test_titles_of_axes_name_the_column_and_stand_above() -> None:
    presentation = Presentation()
    shapes = presentation.slides.add_slide(presentation.slide_layouts[6]).shapes
    chart = shapes.add_chart(XL_CHART_TYPE.LINE, 0, 0, Inches(3), Inches(3), two_categories()).chart
    chart.chart_title.text_frame.text = "Harvest"
    chart.category_axis.axis_title.text_frame.text = "Region"
    chart.value_axis.axis_title.text_frame.text = "thousand t"
    assert text_of(chart.part.blob) == (
        "Harvest – thousand t\n\nRegion: North | Tonnes: 0.25\nRegion: South | Tonnes: 0.5"
    )


def test_series_with_gaps_stay_with_their_categories() -> None:
    data = CategoryChartData()
    data.categories = ["a", "b", "c"]
    data.add_series("one", (1, None, 3))
    data.add_series("two", (None, 5, None))
    assert text_of(part(XL_CHART_TYPE.LINE, data)) == "a | one: 1\nb | two: 5\nc | one: 3"


def test_charts_of_newer_programs_are_read() -> None:
    xml = (
        '<cx:chartSpace xmlns:cx="http://schemas.microsoft.com/office/drawing/2014/chartex" '
        'xmlns:a="http://schemas.openxmlformats.org/drawingml/2006/main"><cx:chartData><cx:data id="0">'
        '<cx:strDim type="cat"><cx:lvl><cx:pt idx="0">Start</cx:pt><cx:pt idx="1">Loss</cx:pt></cx:lvl></cx:strDim>'
        '<cx:numDim type="val"><cx:lvl formatCode="0.0"><cx:pt idx="0">10.0</cx:pt><cx:pt idx="1">-4</cx:pt></cx:lvl>'
        "</cx:numDim></cx:data></cx:chartData><cx:chart><cx:title><cx:tx><cx:rich><a:p><a:r><a:t>Cash</a:t></a:r></a:p>"
        '</cx:rich></cx:tx></cx:title><cx:plotArea><cx:plotAreaRegion><cx:series layoutId="waterfall"><cx:tx>'
        '<cx:txData><cx:v>EUR</cx:v></cx:txData></cx:tx><cx:dataId val="0"/></cx:series></cx:plotAreaRegion>'
        "</cx:plotArea></cx:chart></cx:chartSpace>"
    )
    assert text_of(xml.encode()) == "Cash\n\nStart | EUR: 10\nLoss | EUR: -4"


def test_a_chart_too_wide_for_one_table_is_written_series_by_series() -> None:
    def series(name: str, points: int) -> str:
        def numbers(sign: str) -> str:
            return "".join(f'<c:pt idx="{place}"><c:v>{sign}{place}</c:v></c:pt>' for place in range(points))

        return (
            f"<c:ser><c:tx><c:v>{name}</c:v></c:tx><c:cat><c:strLit>{numbers('c')}</c:strLit></c:cat>"
            f"<c:val><c:numLit>{numbers('1')}</c:numLit></c:val></c:ser>"
        )

    inside = series("long", 3000) + "".join(series(f"s{number}", 1) for number in range(1200))
    xml = (
        f"<c:chartSpace {SPACE}><c:chart><c:plotArea><c:pieChart>{inside}</c:pieChart></c:plotArea></c:chart>"
    )
    xml += "</c:chartSpace>"
    text = text_of(xml.encode())
    assert len(text) < 3 * len(xml)
    assert "c2999 | long: 12999" in text
    assert text.endswith("c0 | s1199: 10")
