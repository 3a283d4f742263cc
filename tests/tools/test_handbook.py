"""The extract takes running text, once, where all three languages have it; the same pages give the same bytes."""

import gzip
import json
from pathlib import Path

import pytest

from tools import handbook
from tools.handbook import FOLDERS, Paragraph, blocks_of, distinct, extract, is_translated, main, packed, reading_order

EN = "The administrator restarts the service number {} and waits until each client has read its new address."
RU = "Администратор перезапускает службу номер {} и ждёт, пока каждый клиент не прочитает свой новый адрес."
ZH = "管理员重新启动第{}号服务，然后等待每个客户端读取它的新地址，这需要一些时间。"
# Sentences that share nothing, so that paragraphs are distinct.
OTHERS = [
    (
        "A backup that nobody has ever restored is a hope, and hope is kept elsewhere.",
        "Резервная копия, которую никто не восстанавливал, остаётся лишь надеждой.",
        "从来没有人恢复过的备份只是一种希望而已，希望不能代替备份。",
    ),
    (
        "Mail that arrives twice annoys more than mail which never comes at all to you.",
        "Письмо, пришедшее дважды, раздражает сильнее того, что так и не дошло.",
        "收到两次的邮件比永远收不到的邮件更让人觉得烦恼。",
    ),
]


def paragraph(en: str = EN, ru: str = RU, zh: str = ZH) -> Paragraph:
    return Paragraph("page.html", {"en": en, "ru": ru, "zh": zh})


def page(*blocks: str) -> str:
    return "<html><body>" + "".join(f'<div class="para">{block}</div>' for block in blocks) + "</body></html>"


@pytest.fixture
def html(tmp_path: Path) -> Path:
    """A book of two pages, the second before the first in the alphabet."""
    texts = list(zip(*OTHERS, strict=True))
    for number, folder in enumerate(FOLDERS.values()):
        (tmp_path / folder).mkdir()
        own = (EN, RU, ZH)[number]
        pages = {
            "index.html": '<a href="b.html#x">b</a><a href="a.html">a</a><a href="gone.html">-</a>',
            "b.html": page(own.format("one"), texts[number][0]),
            "a.html": page(texts[number][1], *["more"] * (number == 2)),
        }
        for name, text in pages.items():
            (tmp_path / folder / name).write_text(text, encoding="utf-8")
    return tmp_path


def test_a_block_is_running_text_without_lists_screens_and_addresses() -> None:
    text = (
        'out <div class="para">One <code>two</code>\n  three&amp;<br/><img src="x"/>'
        '<div class="url">→ <a>http://a</a></div>'
        '<pre class="screen">$ ls</pre><ul><li><div class="para">inner</div> gone</li></ul> four</div> out'
    )
    assert blocks_of(text) == ["One two three& four", "inner"]
    assert blocks_of('<div class="para">e\u0301</div>') == ["é"]


def test_pages_come_in_the_order_of_the_book(html: Path) -> None:
    assert reading_order(html / "en-US") == ["index.html", "b.html", "a.html"]


def test_a_page_with_another_number_of_blocks_is_left_out(html: Path) -> None:
    rows = extract(html)
    assert [row["en"] for row in rows] == [EN.format("one"), OTHERS[0][0]]
    assert [row["zh"] for row in rows] == [ZH.format("one"), OTHERS[0][2]]


@pytest.mark.parametrize(
    "fault",
    [
        {"ru": EN},  # untranslated
        {"zh": EN[:30]},
        {"ru": "Vocabula huic prorsus aliena sunt, nec quisquam Anglice legit quod hic scribitur, immo Latine."},
        {"zh": "管理员重新启动服务。" * 4 + EN[:60]},  # in part
        {"ru": RU + " " + EN[:60]},
        {"en": EN[:55], "ru": RU[:50], "zh": ZH[:20]},  # introduces a list
        {"en": EN + " See http://a.b."},
        {"ru": RU * 3},  # another text
        {"zh": ZH[:8]},
    ],
)
def test_what_is_not_in_three_languages_is_left_out(fault: dict[str, str]) -> None:
    assert is_translated(paragraph())
    assert not is_translated(paragraph(**fault))


def test_a_near_repetition_in_one_language_is_left_out() -> None:
    first, (en, ru, zh) = paragraph(), OTHERS[0]
    assert list(distinct([first, paragraph(en, ru, zh)])) == [first, paragraph(en, ru, zh)]
    for again in (paragraph(EN.format(7), ru, zh), paragraph(en, RU.format(7), zh), paragraph(en, ru, ZH.format(7))):
        assert list(distinct([first, again])) == [first]


def test_parts_are_drawn_by_paragraph(monkeypatch: pytest.MonkeyPatch) -> None:
    many = [paragraph(*(f"{number} {text}" for text in (EN, RU, ZH))) for number in range(53)]
    monkeypatch.setattr(handbook, "parallel", lambda html: many)
    monkeypatch.setattr(handbook, "distinct", lambda paragraphs: paragraphs)
    rows = extract(Path())
    parts = [row["part"] for row in rows]
    assert [parts.count(name) for name in ("train", "validation", "test")] == [42, 5, 6]
    assert parts != sorted(parts, reverse=True), "the parts are stretches of the book"
    assert [row["en"] for row in rows] == [one.text["en"] for one in many], "not in the order of the book"
    assert rows == extract(Path())
    assert rows != extract(Path(), seed=1)


def test_the_file_is_the_same_whenever_it_is_made(html: Path, capsys: pytest.CaptureFixture[str]) -> None:
    to = html / "made.gz"
    main([str(html), "--to", str(to)])
    content = to.read_bytes()
    assert content == packed(extract(html))
    assert content[4:8] == bytes(4), "it tells a time"
    first, *_ = gzip.decompress(content).decode().splitlines()
    assert json.loads(first)["en"] == EN.format("one")
    assert f"bytes = {len(content)}\nshape = [2, 3]" in capsys.readouterr().out
