"""A pytest plugin around nbval: close outputs, pictures, claims, time limits, slow starts (``-p tools.nbval_plugin``).

nbval runs a chapter cell by cell and compares exact texts.  It keeps the new outputs of every cell,
so what it cannot judge is judged here without running anything twice.
"""

import time
import warnings
from collections import defaultdict
from collections.abc import Generator
from pathlib import Path

import nbval.plugin
import psutil
import pytest
from nbval.kernel import RunningKernel
from nbval.plugin import IPyNbCell, IPyNbFile

from rnn_utils.data.mnist import mnist_source
from rnn_utils.page import CLAIM_MIME
from tools.chapters import META, seconds
from tools.comparing import differences
from tools.drawn import SVG

TIME_FACTOR = 3  # a chapter may take this many times what it states

FIRST_TRY = 30  # seconds; a kernel answers in a few, or never

SOURCE = pytest.StashKey[str]()
spent: dict[Path, float] = defaultdict(float)


class StartedAgain(RunningKernel):
    """A kernel that is started once more if it does not answer, which ipykernel 7 does not always do."""

    def __init__(self, kernel_name: str, cwd: str | None = None, startup_timeout: float = 60):
        try:
            super().__init__(kernel_name, cwd, min(FIRST_TRY, startup_timeout))
        except RuntimeError as error:
            warnings.warn(f"{error}. It is started again.", stacklevel=2)
            super().__init__(kernel_name, cwd, startup_timeout)


def pytest_configure(config: pytest.Config) -> None:
    nbval.plugin.RunningKernel = StartedAgain
    config.stash[SOURCE] = mnist_source()


def pytest_collectstart(collector: pytest.Collector) -> None:
    if isinstance(collector, IPyNbFile):
        collector.skip_compare += (CLAIM_MIME, SVG)  # compared below: within ranges, and by where things are


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    for item in items:
        if isinstance(item, IPyNbCell) and stands_in(item, config):
            item.options["check"] = False


def stands_in(item: IPyNbCell, config: pytest.Config) -> bool:
    """Tell whether this chapter's outputs came from MNIST but the embedded digits run now."""
    return item.parent.nb.metadata.get(META, {}).get("data") == "mnist" and config.stash[SOURCE] != "mnist"


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    start = time.perf_counter()
    result = yield
    if not isinstance(item, IPyNbCell):
        return result
    spent[item.path] += time.perf_counter() - start
    if not stands_in(item, item.config):
        check_outputs(item)
    check_time(item)
    return result


def check_outputs(item: IPyNbCell) -> None:
    metadata = item.cell.metadata
    if "free" in metadata:
        return
    # nbval keeps each stream and picture as an own node with the message's type.
    stored = [dict(output) for output in item.cell.outputs]
    if found := differences(stored, item.test_outputs, metadata.get("compare")):
        item.raise_cell_error(f"Outputs of cell {item.cell.id!r} differ", "\n".join(found))


def check_time(item: IPyNbCell) -> None:
    """Fail when the chapter has outrun its limit, by the clock and by its own computing.

    The clock alone would blame a chapter for what else a busy machine does.
    """
    stated = seconds(item.parent.nb, item.path.name)
    times = psutil.Process(item.parent.kernel.km.provisioner.pid).cpu_times()
    taken = min(spent[item.path], times.user + times.system)
    if taken > TIME_FACTOR * stated:
        item.raise_cell_error(
            f"The chapter has computed for {taken:.0f} s, more than {TIME_FACTOR} times the {stated} s it states"
        )


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    if config.stash[SOURCE] != "mnist":
        terminalreporter.section("data")
        terminalreporter.line(
            f"MNIST was not found: chapters about it ran on the embedded {config.stash[SOURCE]}; "
            "their claims were checked at the bars for these, their outputs were not compared."
        )
