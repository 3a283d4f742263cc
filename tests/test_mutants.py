"""The tool that breaks the cells on purpose: its own kinds of change, and its committed report."""

import re

import pytest

from tools.mutants import REPORT, Mutant, complaints, difference, fingerprint, reasons

cst = pytest.importorskip("libcst")
mutate = pytest.importorskip("tools.mutate")


@pytest.mark.parametrize(
    ("code", "changed"),
    [
        ("da_t @ W_hh.T", ["da_t.T @ W_hh.T", "da_t @ W_hh"]),
        ("h_prev @ W_hh", ["h_prev.T @ W_hh", "h_prev @ W_hh.T"]),
        ("(r * h_prev) @ W_hn", ["(r * h_prev) @ W_hn.T"]),
        ("x.swapaxes(0, 1)", ["x"]),
        ("i, f, g = gates", ["f, i, g = gates", "i, g, f = gates"]),
        ("da = [da_r, da_z]", ["da = [da_z, da_r]"]),
        ("LSTMState(h, c)", ["LSTMState(c, h)"]),
        ("np.add(h, c)", []),
        ("LSTMState(h, h)", []),
        ("LSTMState(h + c, c)", []),
    ],
)
def test_changes_that_matter_for_cells_are_made(code: str, changed: list[str]) -> None:
    made = []

    class Visitor(cst.CSTTransformer):
        def on_leave(self, original: cst.CSTNode, updated: cst.CSTNode) -> cst.CSTNode:
            for kind, change in mutate.OPERATORS:
                if isinstance(original, kind):
                    made.extend(module.deep_replace(original, other).code for other in change(original))
            return updated

    module = cst.parse_module(code)
    module.visit(Visitor())
    assert sorted(made) == sorted(changed)


def mutant(was: str, became: str, verdict: str = "killed") -> Mutant:
    return Mutant("lstm", "lstm_core", was, became, verdict)


@pytest.mark.parametrize(
    ("was", "became", "kind"),
    [
        ("c = f * c + i * g", "c = f * c - i * g", "sign"),
        ("total += share", "total -= share", "sign"),
        ("return da @ W.T", "return da @ W", "transpose"),
        ("return h @ W", "return h.T @ W", "transpose"),
        ("x.swapaxes(0, 1)[back]", "x[back]", "transpose"),
        ("i, f, g, o = gates", "f, i, g, o = gates", "order"),
        ("c = f * c", "c = f / c", "other"),
        ("axis=1", "axis=2", "other"),
    ],
)
def test_kinds_are_told_apart(was: str, became: str, kind: str) -> None:
    assert mutant(was, became).kind == kind


def test_the_difference_is_found() -> None:
    was, became = ["def f(a):", "    b = a + 1", "    return b"], ["def f(a):", "    b = a - 1", "    return b"]
    assert difference(was, became) == ("b = a + 1", "b = a - 1")


def test_what_is_not_as_it_should_be_is_said() -> None:
    dead = [mutant(f"a = {number}", "a = None") for number in range(38)]
    survivor, sign = mutant("a = 1", "a = 2", "survived"), mutant("a + b", "a - b", "no test")
    assert complaints(dead, {}) == []
    assert complaints([*dead, survivor], {survivor.place: "because"}) == []
    assert complaints([*dead, survivor], {}) == [f"unexplained: {survivor}"]
    assert complaints([*dead, sign], {sign.place: "because"}) == [f"must not survive: {sign}"]
    assert complaints(dead, {("lstm.f", "a", "b"): "because"}) == ["explained, but no survivor: lstm.f: a  →  b"]
    assert complaints([survivor], {survivor.place: "because"}) == ["0.0% of the mutants were killed; expected 95%"]


def test_the_report_is_of_these_cells_and_explains_its_survivors() -> None:
    text = REPORT.read_text(encoding="utf-8")
    assert re.findall(r"Fingerprint of the code: `(\w+)`", text) == [fingerprint()], "run `make mutants` again"
    assert float(re.search(r"\*\*([\d.]+)%\*\* of", text)[1]) >= 95
    for kind in ("sign", "transpose", "order"):
        assert re.search(rf"^\| {kind} \| (\d+) \| \1 \| \d+ \| 0 \|$", text, re.MULTILINE)
    assert text.count("```diff") == len(reasons())
    assert all(why in text for why in reasons().values())
