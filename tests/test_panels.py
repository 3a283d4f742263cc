"""Every drawing goes where it is asked to: into the room of the axes it is given, or into a figure of its own."""

import ast
import importlib
from collections.abc import Iterator
from itertools import combinations
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import pytest
from matplotlib.artist import Artist
from matplotlib.axes import Axes

from rnn_utils.errors import SettingError
from rnn_utils.panels import panels
from tools.chapters import ROOT

ARGUMENTS: dict[str, tuple[Any, ...]] = {  # of every public drawing, what it needs besides the axes
    "api_pictures.draw_ends": ({"no_lengths": np.eye(2), "mask": -np.eye(2)}, [2, 1]),
    "api_pictures.draw_layouts": (),
    "api_pictures.draw_loop": (),
    "diagrams.draw_feed_forward_and_recurrent": (),
    "diagrams.draw_gate": (),
    "diagrams.draw_unrolled": (["I", "go", "eat"],),
    "digit_pictures.draw_inside": (np.eye(3), np.zeros((3, 5)), {"f": [0.9, 0.8, 0.9]}),
    "digit_pictures.draw_opinion": (np.eye(3), np.full((3, 10), 0.1), 7),
    "forecast_pictures.draw_ways": (),
    "forecast_pictures.draw_windows": (),
    "gate_pictures.draw_gates": (["+", "="], {"i": [1, 0], "o": [0, 1]}, [0, 0.4], [0, 0.5]),
    "gate_pictures.draw_gru_cell": (),
    "gate_pictures.draw_lstm_cell": (),
    "plotting.draw_confusion": ([1, 2], [1, 3]),
    "plotting.draw_digits": (np.eye(8)[None],),
    "plotting.draw_rows_as_steps": (np.eye(8), "1"),
    "plotting.draw_training": ({"loss": [2.0, 1.0], "val_loss": [1.5, 1.2]}, 10),
    "sine_diagrams.draw_cut": (),
    "sine_diagrams.draw_feeding": (),
    "sine_pictures.draw_other_waves": (["$a$", "$b$"], [[0, 2, 0], [1, 0, 1]], [[0, 1, 0], [1, 1, 1]]),
    "sine_pictures.draw_path": (np.eye(2), [0, 1]),
    "sine_pictures.draw_portraits": ([np.eye(2), -np.eye(2), 2 * np.eye(2)], [0, 1], 2),
    "trap_pictures.draw_both_ways": (),
    "trap_pictures.draw_clipping": (),
    "trap_pictures.draw_padding": (np.zeros((5, 2)), 3),
}
TREES = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in sorted((ROOT / "rnn_utils").glob("*.py"))}
PUBLIC = {
    f"{module}.{node.name}": node
    for module, tree in TREES.items()
    for node in tree.body
    if isinstance(node, ast.FunctionDef) and node.name.startswith("draw_")
}
OPENS = {"plt.subplots", "plt.figure", "plt.axes", "plt.subplot", "plt.subplot_mosaic", "plt.gca", "plt.gcf"}


@pytest.fixture(autouse=True)
def no_window() -> Iterator[None]:
    with mpl.rc_context({"backend": "agg"}):
        yield


def drawn(name: str, ax: Axes | None = None) -> list[Axes]:
    """Call a drawing by its name; return its axes as a list, also where they are one."""
    module, function = name.split(".")
    found = getattr(importlib.import_module(f"rnn_utils.{module}"), function)(*ARGUMENTS[name], ax=ax)
    return [found] if isinstance(found, Axes) else list(found)


def contents(ax: Axes) -> list[Artist]:
    return [*ax.lines, *ax.patches, *ax.images, *ax.collections, *ax.texts]


def arguments(node: ast.FunctionDef) -> dict[str, str | None]:
    """Return the arguments of a function, each with its default as it is written, None where there is none."""
    given = [*node.args.posonlyargs, *node.args.args]
    defaults = [None] * (len(given) - len(node.args.defaults)) + node.args.defaults
    pairs = zip([*given, *node.args.kwonlyargs], [*defaults, *node.args.kw_defaults], strict=True)
    return {argument.arg: default and ast.unparse(default) for argument, default in pairs}


@pytest.mark.parametrize("name", PUBLIC)
def test_every_drawing_takes_axes_and_returns_axes(name: str) -> None:
    node = PUBLIC[name]
    assert arguments(node).get("ax") == "None", f"{name}: give it ax: Axes | None = None; see rnn_utils.panels"
    assert node.returns is not None, name
    assert ast.unparse(node.returns) in ("Axes", "Sequence[Axes]"), name
    assert name in ARGUMENTS, f"{name}: say in ARGUMENTS how to call it, and the tests below draw it"


@pytest.mark.parametrize("module", TREES)
def test_no_figure_is_made_behind_the_axes(module: str) -> None:
    for node in ast.walk(TREES[module]):
        if isinstance(node, ast.FunctionDef):
            used = {ast.unparse(part) for part in ast.walk(node) if isinstance(part, ast.Attribute)}
            assert not used & OPENS or "ax" in arguments(node), f"{node.name} makes a figure and takes no ax"
            assert not {name for name in used if name.endswith(".show")}, f"{node.name} shows; leave it to the caller"


@pytest.mark.parametrize("name", ARGUMENTS)
@pytest.mark.parametrize("layout", ["none", "constrained"])
def test_a_drawing_stays_in_the_room_it_is_given(name: str, layout: str) -> None:
    figure, (left, right) = plt.subplots(1, 2, figsize=(14, 9), layout=layout)
    axes = drawn(name, ax=right)
    figure.canvas.draw()
    assert plt.get_fignums() == [figure.number], "a second figure"
    assert set(figure.axes) == {left, right, *axes}, "axes that are not returned"
    assert contents(left) == [], "drawn in the wrong place"
    assert axes == [right] or not right.get_visible()
    room = right.get_subplotspec().get_position(figure)
    for ax in axes:
        assert ax.get_visible() and contents(ax), "nothing is drawn"
        place = ax.get_position()
        if layout == "none":
            assert room.x0 - 1e-9 <= place.x0 < place.x1 <= room.x1 + 1e-9
            assert room.y0 - 1e-9 <= place.y0 < place.y1 <= room.y1 + 1e-9
        else:
            assert left.get_position().x1 < place.x0 < place.x1 < 1
    assert not any(a.get_position().overlaps(b.get_position()) for a, b in combinations(axes, 2))


@pytest.mark.parametrize("name", ARGUMENTS)
def test_a_drawing_without_axes_has_a_figure_of_its_own(name: str) -> None:
    _, other = plt.subplots()
    axes = drawn(name)
    assert set(axes[0].figure.axes) == set(axes)
    assert contents(other) == []
    assert len(plt.get_fignums()) == 2


@pytest.mark.parametrize("given", [True, False])
def test_panels_keep_their_scales_and_their_ratios(given: bool) -> None:
    outer = plt.subplots()[1] if given else None
    grid = panels(outer, 2, 2, inches=(4, 4), sharex=True, height_ratios=[3, 1], width_ratios=[1, 2])
    assert grid.shape == (2, 2)
    sizes = [[ax.get_position().size for ax in row] for row in grid]
    assert sizes[0][0][1] == pytest.approx(3 * sizes[1][0][1])
    assert sizes[0][1][0] == pytest.approx(2 * sizes[0][0][0])
    grid[0, 0].set(xlim=(2, 5), ylim=(2, 5))
    assert grid[1, 1].get_xlim() == (2, 5)
    assert grid[1, 1].get_ylim() != (2, 5)
    if outer is not None:
        assert outer.get_xlim() != (2, 5)
    else:
        assert tuple(grid[0, 0].figure.get_size_inches()) == (4, 4)


def test_axes_without_a_grid_are_refused() -> None:
    free = plt.figure().add_axes((0.1, 0.1, 0.5, 0.5))
    with pytest.raises(SettingError, match=r"panels: the axes given stand free in their figure; expected axes of a"):
        panels(free, 2, 1, inches=(4, 4))
    assert free.get_visible()
