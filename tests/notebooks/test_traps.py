"""Every failure that the chapter of the traps shows has the cause that the chapter names.

A trap's cells are run twice: as they stand, and with the one cause taken out.  As they stand, the
failure is there (the chapter's claims and announced errors hold).  Without the cause, all else
equal, the failure must be gone: the same claim about it, or the same announced error, now fails.
"""

from typing import NamedTuple

import matplotlib
import pytest

pytest.importorskip("torch")
pytest.importorskip("keras")
matplotlib.use("agg")


from rnn_utils import environment
from rnn_utils.errors import BookError, ClaimError
from tools.chapters import chapter_paths, code_cells, read

pytestmark = [pytest.mark.torch, pytest.mark.tensorflow]

(CHAPTER,) = (path for path in chapter_paths("22"))
CELLS = {cell.id: cell.source for cell in code_cells(read(CHAPTER))}
TRAPS = ("linear", "both", "pad", "graph", "clip", "gru", "lbfgs", "leftover", "shuffle")
NOTHING_RAISED = (BookError, "but nothing was raised")
KERAS_SETS = """\
layer.set_weights(
    [rng.normal(size=array.shape) for array in layer.get_weights()]
)"""


def missed(claim: str) -> tuple[type[BookError], str]:
    """Return what a claim raises whose value misses its bar."""
    return ClaimError, f"claim {claim}: expected a value"


class Cause(NamedTuple):
    """One cause: the text of a cell that holds it, the text without it, and the cell that shows the failure."""

    cell: str
    present: str
    removed: str
    shown: str
    gone: tuple[type[BookError], str]


CAUSES = {
    "no tanh in the recurrence": Cause(
        "linear-net",
        "h_t = self.to_state(torch.cat([x_t, h_t], dim=1))",
        "h_t = torch.tanh(self.to_state(torch.cat([x_t, h_t], dim=1)))",
        "linear-stuck",
        missed("traps-linear-stuck"),
    ),
    "no tanh, so one matrix": Cause(
        "linear-net",
        "h_t = self.to_state(torch.cat([x_t, h_t], dim=1))",
        "h_t = torch.tanh(self.to_state(torch.cat([x_t, h_t], dim=1)))",
        "linear-matrix-claim",
        missed("traps-linear-one-matrix"),
    ),
    "the backward half at the last index": Cause(
        "both-net",
        "return states[:, -1]",
        "return torch.cat([states[:, -1, :4], states[:, 0, 4:]], dim=1)",
        "both-blind",
        missed("traps-last-index-blind"),
    ),
    "padding": Cause(
        "pad-net",
        "torch.randn(3, 1, dtype=F64)",
        "torch.randn(12, 1, dtype=F64)",
        "pad-moves",
        missed("traps-padding-moves"),
    ),
    "no detach": Cause(
        "graph-net",
        "states.pow(2).mean().backward()",
        "states.pow(2).mean().backward(); state = tuple(part.detach() for part in state)",
        "graph-fail",
        NOTHING_RAISED,
    ),
    "half a detach": Cause(
        "graph-half", "return h.detach(), c", "return h.detach(), c.detach()", "graph-half-fail", NOTHING_RAISED
    ),
    "graphs that are kept": Cause(
        "graph-kept",
        "read_chunks_with(lambda state: state,",
        "read_chunks_with(detach_all,",
        "graph-grows",
        missed("traps-detach-graph"),
    ),
    "clipping each array alone": Cause(
        "clip-faults",
        "    for weight in weights:\n        clip_grad_norm_(weight, LIMIT)\n",
        "    clip_grad_norm_(weights, LIMIT)\n",
        "clip-turns",
        missed("traps-clipping-turns"),
    ),
    "clipping before backward": Cause(
        "clip-faults",
        "    clip_grad_norm_(weights, LIMIT)\n    loss_of().backward()\n",
        "    loss_of().backward()\n    clip_grad_norm_(weights, LIMIT)\n",
        "clip-misses",
        missed("traps-clipping-misses"),
    ),
    "clipping after the step": Cause(
        "clip-faults",
        "    optimizer.step()\n    clip_grad_norm_(weights, LIMIT)",
        "    clip_grad_norm_(weights, LIMIT)\n    optimizer.step()",
        "clip-misses",
        missed("traps-clipping-misses"),
    ),
    "the order of the blocks": Cause(
        "gru-copy",
        "kernel, recurrent_kernel, bias = layer.get_weights()",
        "parts = (np.split(array, 3, axis=-1) for array in layer.get_weights())\n"
        "kernel, recurrent_kernel, bias = (np.concatenate([r, z, n], axis=-1) for z, r, n in parts)",
        "gru-order",
        missed("traps-gru-order"),
    ),
    "a reset that resets": Cause(
        "gru-reset",
        KERAS_SETS,
        f"{KERAS_SETS}\narrays = layer.get_weights()\narrays[2][4:8] = 1000  # the gate r, held open\n"
        "layer.set_weights(arrays)",
        "gru-reset-claims",
        missed("traps-gru-reset"),
    ),
    "a step of 3": Cause("lbfgs-fit", "rate=3.0", "rate=1.0", "lbfgs-diverges", missed("traps-lbfgs-diverges")),
    "no line search": Cause(
        "lbfgs-run",
        "plain = [fit(seed) for",
        'plain = [fit(seed, line_search_fn="strong_wolfe") for',
        "lbfgs-diverges",
        missed("traps-lbfgs-diverges"),
    ),
    "the state of the call before": Cause(
        "leftover-net", "self.gru(x, self.state)", "self.gru(x)", "leftover-differs", missed("traps-left-over")
    ),
    "leftovers of another size": Cause(
        "leftover-net", "self.gru(x, self.state)", "self.gru(x)", "leftover-lucky", NOTHING_RAISED
    ),
    "shuffled chunks": Cause(
        "shuffle-stream",
        "return rng.permutation(count)",
        "return range(count)",
        "shuffle-start",
        missed("traps-shuffled-start"),
    ),
}


@pytest.fixture(autouse=True)
def any_tensorflow(monkeypatch: pytest.MonkeyPatch) -> None:
    # Another test may have begun TensorFlow in this process, where `setup` would refuse; no trap needs its seed.
    monkeypatch.setattr(environment, "_begin_tensorflow", lambda *settings: None)


def run(trap: str, replaced: dict[str, str], until: str | None = None) -> None:
    """Run the cells of one trap, with some replaced, up to a cell; of the others before it, forgive only claims."""
    names = ["imports", "settings", *(name for name in CELLS if name.startswith(f"{trap}-"))]
    namespace = {"__name__": "trap"}
    for name in names:
        source = replaced.get(name, CELLS[name]).replace("plt.show()", "")
        try:
            exec(compile(source, name, "exec"), namespace)
        except (ClaimError, BookError):
            if until in (None, name):
                raise
        if name == until:
            return


@pytest.mark.parametrize("trap", TRAPS)
def test_a_trap_fails_as_it_stands(trap: str) -> None:
    run(trap, {})


@pytest.mark.parametrize("name", CAUSES)
def test_the_failure_is_gone_with_its_cause(name: str) -> None:
    cell, present, removed, shown, (kind, message) = CAUSES[name]
    assert CELLS[cell].count(present) == 1, f"{cell}: {present!r} is not there once"
    with pytest.raises(kind, match=message):
        run(cell.split("-")[0], {cell: CELLS[cell].replace(present, removed)}, until=shown)


def test_every_trap_has_a_cause_and_every_cell_a_trap() -> None:
    assert {cause.cell.split("-")[0] for cause in CAUSES.values()} == set(TRAPS)
    others = {name.split("-")[0] for name in CELLS} - set(TRAPS)
    assert others == {"imports", "settings", "checklist", "ex"}
