"""The tool that breaks the cells on purpose: its own kinds of change, and its committed report."""

import tomllib

import pytest

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


def test_the_last_run_was_of_these_cells_and_every_survivor_is_explained() -> None:
    last = tomllib.loads(mutate.REASONS.read_text(encoding="utf-8"))
    assert last["code"] == mutate.code(), "run `make mutants` again"
    assert round(1 - len(last["survivors"]) / last["mutants"], 3) >= 0.999
    assert all(row["why"] and row["was"] != row["became"] for row in last["survivors"])
