"""Every chapter keeps the rules that let a reader trust it; read from its file, nothing runs."""

import ast
import json
import math
import re
from collections import Counter
from collections.abc import Iterator
from copy import deepcopy
from html import escape, unescape
from pathlib import Path
from typing import Any

import pytest
from nbformat import NotebookNode, validate

from rnn_utils.page import CLAIM_MIME, GLUE_PREFIX
from tests.conftest import imported
from tools.chapters import KERNELSPEC, META, ROOT, chapter_paths, code_cells, finished_paths, glued, read, seconds
from tools.comparing import STABLE, TIMES, differences, is_magnitude, span
from tools.drawn import SVG
from tools.measured import SIDES, extent, figures
from tools.outputs import NUMBER, by_kind, numbers, texts
from tools.prose import numeric_literals, typed_numbers, unanswered

PARTS = {"01-09": "concepts", "10-19": "TensorFlow", "20-29": "PyTorch", "30-39": "languages", "40-49": "speed"}
KINDS = {"stdout", "text/plain", "text/html", SVG, CLAIM_MIME, GLUE_PREFIX + "text/plain"}
MANY_BYTES = 150_000  # of one cell's outputs


def calls(notebook: NotebookNode, name: str) -> list[ast.Call]:
    """Return the calls of a function by its plain name, in order."""
    trees = [ast.parse(cell.source) for cell in code_cells(notebook)]
    nodes = [node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Call)]
    return [node for node in nodes if isinstance(node.func, ast.Name) and node.func.id == name]


def records(notebook: NotebookNode) -> list[dict]:
    """Return the chapter's claims as stored beside their lines."""
    return [claim for cell in code_cells(notebook) for claim in by_kind(cell.outputs).get(CLAIM_MIME, [])]


def test_names_are_numbered_by_part() -> None:
    for path in chapter_paths():
        assert re.fullmatch(r"[0-4]\d_[a-z0-9_]+\.ipynb", path.name), (
            f"{path.name}: expected NN_slug.ipynb, parts {PARTS}"
        )
    assert len(list((ROOT / "notebooks").glob("*.ipynb"))) == len(chapter_paths())


def test_file_is_normal_and_valid(any_chapter: NotebookNode, chapter_path: Path) -> None:
    validate(any_chapter)
    text = chapter_path.read_text(encoding="utf-8")
    assert json.dumps(json.loads(text), indent=1, ensure_ascii=False) + "\n" == text, "not as `make run` writes it"
    assert set(any_chapter.metadata) == {"kernelspec", "language_info", META}
    assert any_chapter.metadata.kernelspec == KERNELSPEC
    assert any_chapter.metadata.language_info == {"name": "python"}


def test_cells_have_readable_ids(any_chapter: NotebookNode) -> None:
    ids = [cell.id for cell in any_chapter.cells]
    assert [name for name in ids if not re.fullmatch(r"[a-z][a-z0-9]*(-[a-z0-9]+)*", name)] == []
    assert [name for name, count in Counter(ids).items() if count > 1] == []
    random = [name for name in ids if re.fullmatch(r"[0-9a-f]{8}", name)]
    assert random == [], "a random id: give the cell a word"


def test_every_cell_was_run_in_order(chapter: NotebookNode) -> None:
    counts = [cell.execution_count for cell in code_cells(chapter)]
    assert counts == list(range(1, len(counts) + 1))


def test_outputs_hold_no_accident(chapter: NotebookNode) -> None:
    bad = re.compile(r"0x[0-9a-f]{6,}|\x1b\[|/(?:home|root|tmp|work|Users)/|[A-Z]:\\|site-packages")
    for cell in code_cells(chapter):
        assert "nbval-skip" not in cell.metadata.get("tags", []), cell.id
        assert not re.search(r"NBVAL_|^[%!]", cell.source, re.MULTILINE), cell.id
        assert set(by_kind(cell.outputs)) <= KINDS, cell.id
        size = len(json.dumps(cell.outputs))
        assert size < MANY_BYTES, f"{cell.id}: {size} bytes of outputs; rasterise what is dense"
        for output in cell.outputs:
            assert output.output_type in ("stream", "display_data", "execute_result"), cell.id
            assert output.get("name") != "stderr", f"{cell.id}: {output.text}"
        texts = [v for kind, values in by_kind(cell.outputs).items() if kind != SVG for v in values]
        assert not bad.search(" ".join(map(str, texts))), cell.id


def test_outputs_are_compared(chapter: NotebookNode) -> None:
    with_output = [cell for cell in code_cells(chapter) if cell.outputs]
    close = [cell for cell in with_output if "compare" in cell.metadata]
    free = [cell for cell in with_output if "free" in cell.metadata]
    for cell in code_cells(chapter):
        tagged = "nbval-ignore-output" in cell.metadata.get("tags", [])
        assert tagged == ("compare" in cell.metadata or "free" in cell.metadata), cell.id
        assert not ("compare" in cell.metadata and "free" in cell.metadata), cell.id
    for cell in close:
        assert cell.metadata.compare.reason.strip(), cell.id
        assert set(cell.metadata.compare) <= {"reason", "seen", "exact", "moves", "image"}, cell.id
    for cell in free:
        assert cell.metadata.free.reason.strip(), cell.id
    assert 2 * len(close) <= len(with_output), f"{len(close)} of {len(with_output)} cells with output are close"
    assert 10 * len(free) <= len(with_output), f"{len(free)} of {len(with_output)} cells with output are free"


def test_every_difference_was_measured(chapter: NotebookNode, chapter_path: Path) -> None:
    again = f"`make run CHAPTER={chapter_path.name[:2]}`"
    sets = {name.rsplit(", ", 2)[1] for name in chapter.metadata[META].get("processors", [])}
    assert len(sets) > 1, f"run with {len(sets)} instruction sets; expected two or more: {again}"
    for cell in code_cells(chapter):
        if compare := cell.metadata.get("compare"):
            assert "seen" in compare, f"{cell.id}: no differences were measured: {again}"
            assert ("moves" in compare) == bool(figures(cell)), f"{cell.id}: {again}"
            found = [n for text, glued in texts(cell.outputs) for n in numbers(text, glued)]
            here = {number.unit for number in found} | {number.row for number in found}
            assert set(compare.seen) | set(compare.get("exact", [])) <= here, f"{cell.id} has {here}"
    for record in records(chapter):
        assert "range" in record, f"claim {record['id']}: no range was measured: {again}"
        for side, (low, high) in record["range"].items():
            assert extent([record[side], low, high]) == [low, high], (
                f"claim {record['id']}: {side} has left it: {again}"
            )


def test_what_is_printed_is_stable(chapter: NotebookNode) -> None:
    for cell in code_cells(chapter):
        loose = {
            unit: seen
            for unit, seen in cell.metadata.get("compare", {}).get("seen", {}).items()
            if TIMES * seen > STABLE
        }
        assert loose == {}, f"{cell.id}: print an order of magnitude, a rank, or a median over seeds"


def test_claims_have_a_margin(chapter: NotebookNode) -> None:
    narrow = [record["id"] for record in records(chapter) if not has_margin(record)]
    assert narrow == [], "the bar is nearer than three times what runs differ by: claim something that stays"


def has_margin(record: dict) -> bool:
    """Tell whether the nearest value seen is three times as far from the nearest bar as either of them moved."""
    value, bar = span(record, "value"), span(record, "bar")
    if value is None or bar is None or record["comparison"] in ("==", "!="):
        return True
    if record["comparison"].startswith(">"):
        value, bar = bar, value  # what must be lower, what must be higher
    moved = max(high - low for low, high in (value, bar))
    if bar[0] - value[1] >= TIMES * moved:
        return True
    moved = max(math.log(high / low) for low, high in (value, bar)) if is_magnitude(record) else math.inf
    return is_magnitude(record) and math.log(bar[0] / value[1]) >= TIMES * moved


def planted(outputs: list[NotebookNode]) -> Iterator[tuple[str, list[NotebookNode]]]:
    """Yield the outputs once for each number that they show or record, with a tenth and 0.1 more of that one."""
    for place, output in enumerate(outputs):
        shown = output if output.output_type == "stream" else output.data
        for key in [key for key in shown if key not in ("output_type", "name", "metadata", SVG)]:
            for where, data in planted_data(key, shown[key]):
                other = deepcopy(outputs)
                (other[place] if output.output_type == "stream" else other[place].data)[key] = data
                yield f"{key}: {where}", other


def planted_data(key: str, data: Any) -> Iterator[tuple[str, Any]]:
    """Yield a text with each of its numbers changed, or a claim's record with each of its measured values changed."""
    if key == CLAIM_MIME:
        for side in SIDES:
            entries = data[side] if isinstance(data.get(side), list) else [data.get(side)]
            for place, entry in enumerate(entries):
                if isinstance(entry, int | float):
                    other = deepcopy(data)
                    changed = [*entries[:place], a_tenth_more(entry), *entries[place + 1 :]]
                    other[side] = changed if isinstance(data[side], list) else changed[0]
                    yield f"{data['id']} {side} {entry}", other
        return
    for match in NUMBER.finditer(data):
        yield match[0], data[: match.start()] + more(match[0]) + data[match.end() :]


def more(text: str) -> str:
    """Return a number with a tenth and 0.1 more, printed as it was."""
    digits, letter, _ = text.lower().partition("e")
    places = len(digits.partition(".")[2])
    number = a_tenth_more(float(text.replace("−", "-")))
    if not (places or letter):
        return str(int(math.copysign(math.ceil(abs(number)), number)))
    while (changed := f"{number:.{places}{letter or 'f'}}") == text:
        number = a_tenth_more(number)
    return changed


def a_tenth_more(number: float) -> float:
    """Return a number a tenth and 0.1 further from zero."""
    return math.copysign(abs(number) * 1.1 + 0.1, number)


def test_a_changed_number_is_noticed(chapter: NotebookNode) -> None:
    passed = [
        f"{cell.id}: {where}"
        for cell in code_cells(chapter)
        if "free" not in cell.metadata
        for where, outputs in planted(cell.outputs)
        if not differences(cell.outputs, outputs, cell.metadata.get("compare"))
    ]
    assert passed == []


def test_a_spoilt_figure_is_noticed(chapter: NotebookNode) -> None:
    passed = []
    for cell in code_cells(chapter):
        for figure in figures(cell):
            compare = cell.metadata.get("compare")
            passed += [
                f"{cell.id}: {fault}"
                for fault, spoilt in spoilt_figures(figure, 3 if compare is None else 100)
                if not differences(shown(figure), shown(spoilt), compare)
            ]
    assert passed == []


def shown(figure: str) -> list[dict]:
    """Return a figure as a cell's outputs."""
    return [{"output_type": "display_data", "data": {SVG: figure}, "metadata": {}}]


def spoilt_figures(figure: str, pixels: int) -> Iterator[tuple[str, str]]:
    """Yield the figure with each line lost or moved by some pixels, a word changed, the legend lost."""
    for line in re.finditer(r'<path d="[^"]*" clip-path[^>]*fill: none; stroke: #(?!e3e7eb)[^>]*/>', figure):
        yield f"lost: {line[0][-60:]}", figure.replace(line[0], "", 1)
        moved = re.sub(r"(?m)(?<= )(-?[\d.]+)$", lambda y: f"{float(y[1]) - 0.75 * pixels:.2f}", line[0])
        if moved != line[0]:
            yield f"moved: {line[0][-60:]}", figure.replace(line[0], moved, 1)
    for word in set(re.findall(r">([^<>\n]*[a-z]{2}[^<>\n]*)</text>", figure)):
        yield f"word: {word}", figure.replace(f">{word}<", f">{escape(unescape(word)[::-1])}x<", 1)


def test_begins_with_imports_and_setup(any_chapter: NotebookNode) -> None:
    first, second = code_cells(any_chapter)[:2]
    nodes = ast.parse(first.source).body
    assert all(isinstance(node, ast.Import | ast.ImportFrom) for node in nodes), "first cell: imports, nothing else"
    assert re.search(r"\bsetup\(", second.source), "second cell: setup(seed)"
    later = [
        cell.id for cell in code_cells(any_chapter)[1:] if re.search(r"(?m)^\s*(import|from \S+ import) ", cell.source)
    ]
    assert later == [], "imports belong into the first cell"


def test_cells_are_short(any_chapter: NotebookNode) -> None:
    lengths = {cell.id: len(cell.source.splitlines()) for cell in code_cells(any_chapter)}
    assert {name: length for name, length in lengths.items() if length > 25} == {}
    assert sorted(lengths.values())[len(lengths) // 2] <= 8


def test_a_setting_sets_something(chapter: NotebookNode) -> None:
    """A name in capitals is read by code that does more than tell the reader of it."""
    trees = [ast.parse(cell.source) for cell in code_cells(chapter)]
    told = {node for tree in trees for call in ast.walk(tree) if is_told(call) for node in ast.walk(call)}
    names = {node for tree in trees for node in ast.walk(tree) if isinstance(node, ast.Name)}
    settings = {name.id for name in names if isinstance(name.ctx, ast.Store) and name.id.isupper()}
    assert settings - {name.id for name in names - told if isinstance(name.ctx, ast.Load)} == set()


def is_told(node: ast.AST) -> bool:
    """Tell whether a node only tells the reader something: a claim, or a value for the prose."""
    return isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in ("claim", "glue")


def test_figures_have_alt_text_and_caption_and_come_alone(chapter: NotebookNode) -> None:
    for cell in code_cells(chapter):
        alt = cell.metadata.get("mystnb", {}).get("image", {}).get("alt", "")
        if found := figures(cell):
            assert len(found) == 1, f"{cell.id}: one figure per cell"
            assert 20 <= len(alt) <= 300, f"{cell.id}: alt text of 20 to 300 characters, found {len(alt)}"
            caption = cell.metadata.mystnb.get("figure", {}).get("caption", "")
            assert 40 <= len(caption) <= 220, f"{cell.id}: caption of 40 to 220 characters, found {len(caption)}"
            assert "text/plain" in by_kind(cell.outputs), f"{cell.id}: nbval notices a lost figure by its plain text"
        else:
            assert not alt, f"{cell.id}: alt text but no figure"


def test_one_figure_is_the_picture_of_the_chapter(chapter: NotebookNode) -> None:
    assert chapter.metadata[META]["picture"] in {cell.id for cell in code_cells(chapter) if figures(cell)}


def test_only_drawing_is_hidden(chapter: NotebookNode) -> None:
    hidden = [cell for cell in code_cells(chapter) if "hide-input" in cell.metadata.get("tags", [])]
    shown = [cell for cell in code_cells(chapter) if cell not in hidden]
    used = {node.id for cell in shown for node in ast.walk(ast.parse(cell.source)) if isinstance(node, ast.Name)}
    made_in_sight = set().union(*map(made_in, shown))
    for cell in hidden:
        assert figures(cell), f"{cell.id}: draws nothing"
        unseen = (made_in(cell) & used) - made_in_sight
        assert not unseen, f"{cell.id}: readers must see how {unseen} is made, which other cells use"


def made_in(cell: NotebookNode) -> set[str]:
    """Return the names that a cell gives to values, functions and classes."""
    made = set()
    for node in ast.walk(ast.parse(cell.source)):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            made.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            made.add(node.name)
        elif isinstance(node, ast.arg):
            made.add(node.arg)
    return made


def test_prose_has_one_sentence_a_line(chapter: NotebookNode) -> None:
    for cell in chapter.cells:
        if cell.cell_type != "markdown":
            continue
        text = re.sub(r"```\{?code.*?```", "", cell.source, flags=re.DOTALL)
        two = [
            line
            for line in text.splitlines()
            if re.search(r"[a-z)`*][.?!] [A-Z]", line) and not line.startswith(("|", "    "))
        ]
        two = [line for line in two if not re.search(r"\b(e\.g|i\.e|vs|cf|Fig|Eq|No)\. ", line)]
        assert two == [], f"{cell.id}: {two}"


def test_headings_have_labels(chapter: NotebookNode) -> None:
    for cell in chapter.cells:
        if cell.cell_type == "markdown":
            lines = cell.source.splitlines()
            for above, line in zip(["", *lines], lines, strict=False):
                if re.match(r"#{1,3} ", line):
                    assert re.fullmatch(r"\([a-z0-9-]+\)=", above), f"{cell.id}: a label line before {line!r}"


def test_claims_can_fail(chapter: NotebookNode) -> None:
    found = calls(chapter, "claim")
    assert len(found) >= 3, "at least three claims a chapter"
    for call in found:
        name = ast.unparse(call.args[0])
        assert len(call.args) == 5, f"{name}: claim(id, sentence, value, comparison, bar)"
        assert isinstance(call.args[1], ast.Constant), f"{name}: the sentence is written out"
        value, comparison, bar = call.args[2:]
        names = [node for node in ast.walk(value) if isinstance(node, ast.Name)]
        assert names, f"{name}: {ast.unparse(value)} is a literal; a claim needs a measured value"
        assert not any(isinstance(n, ast.Constant) and isinstance(n.value, bool) for n in (value, bar)), name
        assert not isinstance(value, ast.Compare), f"{name}: pass both sides of the comparison"
        assert ast.dump(value) != ast.dump(bar), f"{name}: held against itself"
        if ast.literal_eval(comparison) in ("<", "<=", ">", ">=") and fixed(bar):
            given = {keyword.arg for keyword in call.keywords}
            assert "baseline" in given, f"{name}: a fixed bar needs baseline=, what it is without the praised thing"


def fixed(bar: ast.expr) -> bool:
    """Tell whether a bar is written down (a literal, or one per data set) and not itself measured."""
    names = {node.id for node in ast.walk(bar) if isinstance(node, ast.Name)}
    return names <= {"bar"}


def test_claims_are_stored_with_their_records(chapter: NotebookNode) -> None:
    written = [ast.literal_eval(call.args[0]) for call in calls(chapter, "claim")]
    assert [record["id"] for record in records(chapter)] == written


def test_claim_ids_are_unique_in_the_book() -> None:
    ids = [record["id"] for path in finished_paths() for record in records(read(path))]
    assert [name for name, count in Counter(ids).items() if count > 1] == []


def test_prose_types_no_measured_number(chapter: NotebookNode) -> None:
    assert typed_numbers(chapter) == [], "glue it from a cell: {glue:text}`name`"


def test_glued_values_are_used_and_exist(chapter: NotebookNode) -> None:
    prose = "\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")
    used = set(re.findall(r"\{glue:text\}`([^`]+)`", prose))
    assert used == set(glued(chapter)), "glued and used names differ"


def test_chapter_imports_only_public_names(chapter: NotebookNode) -> None:
    for cell in code_cells(chapter):
        for node in ast.walk(ast.parse(cell.source)):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("rnn_utils"):
                module = imported(node.module)
                folder = ROOT.joinpath(*node.module.split("."))
                for alias in node.names:
                    assert not alias.name.startswith("_"), alias.name
                    assert hasattr(module, alias.name) or (folder / f"{alias.name}.py").exists(), alias.name


def test_states_its_time_and_exercises(chapter: NotebookNode, chapter_path: Path) -> None:
    limit = 120 if chapter_path.name.startswith("2") else 600  # the PyTorch chapters promise two minutes
    assert 1 <= seconds(chapter, chapter_path.name) <= limit
    prose = "\n".join(cell.source for cell in chapter.cells if cell.cell_type == "markdown")
    exercises = re.findall(r"\{exercise\}[^\n]*\n:label: (\S+)", prose)
    solutions = re.findall(r"\{solution-start\} (\S+)", prose)
    assert len(exercises) >= 4
    assert sorted(exercises) == sorted(solutions), "every exercise has a worked solution"


@pytest.mark.parametrize("text", ["It reached 97.4 % of them.", "in `93.2` seconds", "it is $0.731$ now"])
def test_a_typed_number_is_noticed(text: str) -> None:
    from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

    drawn = new_code_cell("x = 28 * 0.5", metadata={"mystnb": {"image": {"alt": text}}})
    notebook = new_notebook(cells=[drawn, new_markdown_cell(text)])
    assert len(typed_numbers(notebook)) == 2


@pytest.mark.parametrize("page", sorted((ROOT / "book").glob("*.md")), ids=lambda page: page.stem)
def test_pages_type_no_measured_number(page: Path) -> None:
    settings = numeric_literals(cell.source for path in finished_paths() for cell in code_cells(read(path)))
    text = re.sub(r"```.*?```|`[^`]*`", " ", page.read_text(encoding="utf-8"), flags=re.DOTALL)
    text = re.sub(r"\b(Python|PyTorch|macOS|Attribution|Alike|BY|OFL|License) [\d.]+(, [\d.]+)*( or [\d.]+)?", "", text)
    assert unanswered(text, settings) == []
