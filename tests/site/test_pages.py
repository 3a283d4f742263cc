"""The rendered book: every page whole, every link answered, nothing asked of another host."""

import ast
import gc
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest
import yaml
from bs4 import BeautifulSoup, NavigableString, Tag

from book._ext.rnn_book.folding import NUMBERS
from rnn_utils import recall
from rnn_utils.page import measured
from tools.bars import STUDIES, bars
from tools.chapters import ROOT, code_cells, finished_paths, glued, picture, read
from tools.drawn import words
from tools.measured import claims

SITE = ROOT / "_build" / "html"


def contents() -> list[str]:
    """Return the documents that _toc.yml names."""
    toc = yaml.safe_load((ROOT / "_toc.yml").read_text(encoding="utf-8"))
    return [toc["root"], *(chapter["file"] for part in toc["parts"] for chapter in part["chapters"])]


@cache
def soup(path: Path) -> BeautifulSoup:
    gc.disable()  # whoever collects walks through every page that is kept, and finds nothing
    try:
        return BeautifulSoup(path.read_text(encoding="utf-8"), "html.parser")
    finally:
        gc.freeze()
        gc.enable()


@cache
def named(path: Path) -> dict[str, Tag]:
    """Return what links can lead to on a page, by its id."""
    return {element["id"]: element for element in reversed(soup(path).find_all(id=True))}


@pytest.fixture(params=["index", *contents()])
def page(request: pytest.FixtureRequest) -> Path:
    return SITE / f"{request.param}.html"


def article(path: Path) -> BeautifulSoup:
    return soup(path).find("article") or soup(path).find("main")  # the landing page is no article


def prose(path: Path, *left_out: str) -> str:
    """Return the text of a page's article outside elements of these names."""

    def texts(element: Tag) -> Iterator[str]:
        for part in element.children:
            if isinstance(part, Tag):
                yield from () if part.name in left_out else texts(part)
            elif type(part) is NavigableString:  # no comment
                yield part

    return " ".join(texts(article(path)))


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in finished_paths()])
def test_code_that_only_checks_is_folded(path: Path) -> None:
    page = article(SITE / "notebooks" / f"{path.stem}.html")
    folded = [pre.get_text() for pre in page.select("details.check pre")]
    shown = [pre.get_text() for pre in page.select(".cell_input pre") if not pre.find_parent(class_="check")]
    assert len(folded) >= 4
    assert all("claim(" in source for source in folded)
    assert [source for source in shown if calls_only(source, {"claim", "glue"})] == []


def calls_only(source: str, names: set[str]) -> bool:
    """Tell whether code does nothing but call these functions."""
    calls = [node.value for node in ast.parse(source).body if isinstance(node, ast.Expr)]
    called = [getattr(call.func, "id", None) for call in calls if isinstance(call, ast.Call)]
    return len(called) == len(ast.parse(source).body) and set(called) <= names


def test_every_chapter_and_page_is_in_the_contents() -> None:
    files = [*finished_paths(), *(ROOT / "book").glob("*.md")]
    assert sorted(contents()) == sorted(str(file.relative_to(ROOT).with_suffix("")) for file in files)


def test_page_loads_nothing_from_another_host(page: Path) -> None:
    loaded = [
        element[attribute]
        for attribute, names in {"src": True, "srcset": True, "href": ["link"], "data": ["object"]}.items()
        for element in soup(page).find_all(names, attrs={attribute: True})
    ]
    assert [address for address in loaded if re.match(r"(https?:)?//", address)] == []
    inline = " ".join(element.get_text() for element in soup(page).find_all(["style"]))
    assert not re.search(r"@import|url\(\s*['\"]?(https?:)?//", inline)


def test_stylesheets_load_nothing_from_another_host() -> None:
    for path in SITE.rglob("*.css"):
        text = path.read_text(encoding="utf-8", errors="replace")
        assert not re.search(r"@import\s+(url\()?['\"]?(https?:)?//|url\(\s*['\"]?(https?:)?//", text), path.name


def test_links_inside_the_book_are_answered(page: Path) -> None:
    broken = []
    for link in soup(page).find_all("a", href=True):
        parts = urlsplit(link["href"])
        if parts.scheme or parts.netloc or link["href"] in ("#", ""):
            continue
        target = (page.parent / unquote(parts.path)).resolve() if parts.path else page
        if target.is_dir():
            target = target / "index.html"
        anchored = not parts.fragment or target.suffix != ".html"
        if not target.exists() or not (anchored or unquote(parts.fragment) in named(target)):
            broken.append(link["href"])
    assert broken == []


def test_figures_have_a_text_alternative(page: Path) -> None:
    shown = [image.get("alt", "") for image in article(page).find_all("img")]
    shown += [figure.get("aria-label", "") for figure in article(page).select("svg[role=img]")]
    assert shown or page.parent.name != "notebooks"  # every chapter draws
    for alt in shown:
        assert len(alt) >= 20
        assert not re.search(r"\.(png|svg|jpe?g)$", alt)


@pytest.mark.parametrize("path", finished_paths(), ids=lambda path: path.stem)
def test_chapter_opens_with_its_question_and_its_picture(path: Path) -> None:
    title = article(SITE / "notebooks" / f"{path.stem}.html").find("h1")
    question, figure, card = title.find_next_siblings()[:3]
    assert question["class"] == ["standfirst"] and question.get_text().endswith("?")
    assert words(str(figure)) == words(picture(read(path)))
    assert card["class"] == ["chapter-card"]


@pytest.mark.parametrize("path", finished_paths(), ids=lambda path: path.stem)
def test_each_claim_stands_beside_what_was_measured(path: Path) -> None:
    page = article(SITE / "notebooks" / f"{path.stem}.html")
    told = [record for cell in code_cells(read(path)) for record in claims(cell)]
    story = [record["id"] for record in told if "show" in record]
    assert not story or 8 <= len(story) <= 12
    lines = {line["id"]: line for line in page.find_all(id=re.compile("^claim-"))}
    for record in told:
        line = lines[f"claim-{record['id']}"]
        value = line.select_one(".measured")
        assert (value.get_text() if value else "") == measured(record)
        assert line.get_text().startswith(record["sentence"])
        aside = line.find_parent(class_=["more-checks", "audit", "solution"])
        assert bool(aside) == bool(story and record["id"] not in story) or not story
    for aside in page.select(".more-checks"):
        count = len(aside.select("p.claim"))
        assert aside.summary.get_text() == f"{NUMBERS[count]} more check{'s' * (count > 1)}"


def test_what_was_measured_lists_every_claim() -> None:
    page = article(SITE / "book" / "what_was_measured.html")
    listed = [row["id"].removeprefix("measured-") for row in page.select("td a[id^=measured-]")]
    assert listed == [
        record["id"] for path in finished_paths() for cell in code_cells(read(path)) for record in claims(cell)
    ]


def test_what_it_costs_lists_every_bar() -> None:
    page = article(SITE / "book" / "what_it_costs.html")
    listed = [[cell.get_text() for cell in row.find_all(["th", "td"])] for row in page.select(".bars tbody tr")]
    expected = [(bar.asked, bar.verdict()) for bar in bars(*map(recall, STUDIES))]
    assert [(row[0], row[3]) for row in listed] == expected


def test_no_markup_is_left_raw(page: Path) -> None:
    words = prose(page, "pre", "code", "script")
    assert not re.search(r"\{[\w:-]+\}`|\*\*|:::|\[\^|\{glue|undefined|TODO", words)


def test_code_and_formulas_are_not_lost(page: Path) -> None:
    assert article(page).find("h1") is not None
    if page.parent.name == "notebooks":
        assert len(article(page).select("div.cell_input")) >= 10
        assert article(page).select("p.claim")
        assert article(page).select_one("p.chapter-card a[href$='.ipynb']")


@pytest.mark.parametrize("path", finished_paths(), ids=lambda path: path.stem)
def test_page_shows_each_value_as_it_was_measured(path: Path) -> None:
    chapter = read(path)
    texts = [cell.source for cell in chapter.cells if cell.cell_type == "markdown"]
    pasted = [glued(chapter)[name] for text in texts for name in re.findall(r"{glue:text}`(.*?)`", text)]
    shown = article(SITE / "notebooks" / f"{path.stem}.html").select("span.pasted-text")
    assert [value.get_text() for value in shown] == pasted
