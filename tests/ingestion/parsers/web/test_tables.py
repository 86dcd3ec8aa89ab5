"""Tables of HTML: values under their names, whatever the table's markup; layouts are read as blocks."""

import pytest

from ingestion.config import ParsingLimits
from ingestion.parsers import parse_source
from ingestion.types import Source


def read(page: str) -> str:
    return parse_source(Source(name="a.html", data=f"<html><body>{page}".encode()), ParsingLimits()).text


@pytest.mark.parametrize(
    ("rows", "text"),
    [
        (
            "<tr><th>Zone<th>Price<tr><td rowspan=2>Alpine<td>11<tr><td>19",
            "Zone: Alpine | Price: 11\nZone: Alpine | Price: 19",
        ),
        ("<tr><th>A<th>B<tr><td rowspan=0>x<td>1<tr><td>2", "A: x | B: 1\nA: x | B: 2"),
        (
            "<thead><tr><th rowspan=2>Branch<th colspan=2>2023<tr><th>Q1<th>Q2<tbody><tr><td>Oslo<td>5<td>6",
            "Branch: Oslo | 2023 Q1: 5 | 2023 Q2: 6",
        ),
        (
            "<tr><th>K<th>V<tbody><tr><td rowspan=5>x<td>1<tr><td>2</tbody><tbody><tr><td>y<td>3",
            "K: x | V: 1\nK: x | V: 2\nK: y | V: 3",
        ),
        ("<tr><th>Area<th colspan=2>2023<tr><td><td>H1<td>H2<tr><td>East<td>5<td>6",
         "Area: East | 2023 H1: 5 | 2023 H2: 6"),
        ("<tr><th>Day<th colspan=2>Room<tr><td>Mon<td>A<td>B<tr><td>Tue<td>5<td>6",
         "Day: Mon | Room: A | Room: B\nDay: Tue | Room: 5 | Room: 6"),
        ("<tr><th>Plan<th>SSO<tr><td>Pro<td><i class='fa fa-check' title=included></i>", "Plan: Pro | SSO: included"),
        ("<tr><td><b>A</b><td><b>B</b><tr><td><b>C</b><td><b>D</b>", "A | B\nC | D"),
        ("<tr><th>A<th>B<tr><td>1<td>" + "word " * 2000, "A: 1 | B: " + "word " * 1999 + "word"),
        ("<caption>From May</caption><tr><th>Plan<th>Fee<tr><td>Basic<td>40", "From May\n\nPlan: Basic | Fee: 40"),
        ("<tr><th colspan=2>Line 4<tr><th>Stop<th>At<tr><td>Birk<td>8:40", "Line 4\n\nStop: Birk | At: 8:40"),
        ("<tr><td><b>Plan</b><td><b>Sauna</b><tr><td>Basic<td>no", "Plan: Basic | Sauna: no"),
        ("<tr class=header><td>Plan<td>Sauna<tr><td>Basic<td>no", "Plan: Basic | Sauna: no"),
        ("<tr><th>Name<td>Oslo<tr><th>Area<td>480 km²", "Name: Oslo\nArea: 480 km²"),
        (
            "<tr><th>Name<td>Ann<th>Phone<td>555<tr><th>City<td>Oslo<th>Zip<td>0150",
            "Name: Ann | Phone: 555\nCity: Oslo | Zip: 0150",
        ),
        ("<tr><td>Name:<td>Oslo<tr><td>Area:<td>480", "Name: Oslo\nArea: 480"),
        ("<tr><td>Owner<td>Helga<tr><td>Chassis number<td>WKX-1", "Owner | Helga\nChassis number | WKX-1"),
        ("<tr><td>Item<td>Count<tr><td>Rope<td>12<tr><td>Lamp<td>40", "Item: Rope | Count: 12\nItem: Lamp | Count: 40"),
        (
            "<tr><th>Monday<td>9:00<td>17:00<tr><th>Tuesday<td>10:00<td>18:00",
            "Monday | 9:00 | 17:00\nTuesday | 10:00 | 18:00",
        ),
        (
            "<thead><tr><th>A<th>B</thead><tfoot><tr><td>Sum<td>3</tfoot><tbody><tr><td>x<td>1",
            "A: x | B: 1\nA: Sum | B: 3",
        ),
        ("<form><tr><th>Age<th>Sex<tr><td><input value=42><td>m</form>", "Age: 42 | Sex: m"),
        ("Stray text<tr><th>A<th>B<tr><td>1<td>2</tr><div>Stray div</div>", "Stray text\n\nStray div\n\nA: 1 | B: 2"),
        ("<tr><th>A<th>B<tr style='display:none'><td>0<td>0<tr><td>1<td>2<script>var a</script>", "A: 1 | B: 2"),
        (
            "<tr><td><h3>Basic</h3><td>10 EUR<td>a<tr><td><h3>Gold</h3><td>20 EUR<td>b",
            "Basic | 10 EUR | a\nGold | 20 EUR | b",
        ),
    ],
)  # fmt: skip
def test_values_stand_with_their_names(rows: str, text: str) -> None:
    assert read(f"<table>{rows}</table>") == text


def test_line_and_block_ends_in_cells_part_words() -> None:
    cells = (
        "<td>Anna<br>Tomas<td><ul><li>900 kg</li><li>80 km/h</li></ul><td><p>Ida</p><p>Per</p>"
        "<td><div>a</div><div>b</div>"
    )
    page = f"<table><tr><th>A<th>B<th>C<th>D<tr>{cells}</table>"
    assert read(page) == "A: Anna Tomas | B: 900 kg 80 km/h | C: Ida Per | D: a b"


def test_a_table_in_a_cell_keeps_its_rows_and_names() -> None:
    inner = "<table><tr><th>Speed<th>Noise<tr><td>900<td>40 dB<tr><td>500<td>20 dB</table>"
    page = f"<table><tr><th>Product<th>Data<tr><td>Fan<td>{inner}<tr><td>Pump<td>none</table>"
    assert read(page) == (
        "Product: Fan | Data: Speed: 900, Noise: 40 dB; Speed: 500, Noise: 20 dB\nProduct: Pump | Data: none"
    )


def test_a_layout_is_read_as_blocks_and_its_short_rows_stay_together() -> None:
    page = (
        "<table><tr><td><a href=a>Home</a><td><h1>Welcome</h1><p>" + "Long text of the page. " * 60 + "</p>"
        "<table><tr><td>Rope<td>B7<tr><td>Lamp<td>C1</table><tr><td>Phone<td>555-1234</table>"
    )
    text = read(page)
    assert text.startswith("Home\n\nWelcome\n\nLong text")
    assert text.endswith("Rope | B7\nLamp | C1\n\nPhone | 555-1234")
    assert read("<table><tr><td><p>Dear Bob,</p><div>Friday</div><div>Ann</div></table>") == (
        "Dear Bob,\n\nFriday\n\nAnn"
    )


def test_a_grid_of_roles_is_a_table() -> None:
    page = (
        "<div role=table><div role=row><b role=columnheader>x</b><span role=columnheader>City</span>"
        "<span role=columnheader>Fee</span></div><div role=row><span role=cell>Oslo</span><span role=cell>12</span>"
        "</div></div>"
    )
    assert read(page).endswith("City: Oslo | Fee: 12")
