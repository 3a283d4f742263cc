"""Run chapters and store their outputs (`make run`), or check their claims only (`make test-gpu`).

A chapter is run with every instruction set that this processor can play, and with one and two threads.
Stored are the outputs of the processor as it is, with one thread, and beside them how far the others differ.
``RNN_UTILS_PROFILE=quick`` runs it once, to look at while writing, and measures no differences.
"""

import argparse
import os
import subprocess
import sys
import time
from collections.abc import Iterable
from concurrent.futures import Future, ThreadPoolExecutor, as_completed
from contextlib import suppress
from copy import deepcopy
from pathlib import Path

import psutil
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError
from nbformat import NotebookNode
from tqdm import tqdm

from rnn_utils.data import mnist as data
from tools.chapters import (
    META,
    ChapterError,
    chapter_paths,
    kernel_environment,
    probed_environment,
    read,
    write,
)
from tools.measured import keep_ranges, measured
from tools.processors import settings
from tools.profiles import profile
from tools.tidy import tidied

AT_ONCE = 2  # chapters; each computes with one thread


def main() -> int:
    """Run the chapters asked for; return the number that failed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--chapter", help="number of one chapter, such as 10")
    parser.add_argument("--check", action="store_true", help="run the claims, store nothing")
    options = parser.parse_args()
    paths = chapter_paths(options.chapter)
    profile()  # a mistyped one is told before anything runs
    os.environ.update(kernel_environment() | probed_environment())
    failures = 0
    with ThreadPoolExecutor(AT_ONCE) as pool, tqdm(total=len(paths), unit="chapter") as bar:
        jobs = {pool.submit(run, path, store=not options.check): path for path in paths}
        try:
            for job in as_completed(jobs):
                try:
                    bar.write(f"{jobs[job].name}: {job.result():.0f} s")
                except (ChapterError, CellExecutionError, RuntimeError) as error:  # the last by dead or mute kernels
                    failures += 1
                    bar.write(f"{jobs[job].name}: failed, nothing stored\n{error}", file=sys.stderr)
                bar.update()
        except KeyboardInterrupt:
            stop(pool, jobs)
            raise SystemExit("Stopped: what was not reported above is stored as it was before.") from None
    return failures


def stop(pool: ThreadPoolExecutor, jobs: Iterable[Future]) -> None:
    """End all kernels, so that the chapters that run fail and are not stored; start no other."""
    pool.shutdown(wait=False, cancel_futures=True)
    while not all(job.done() for job in jobs):
        for kernel in psutil.Process().children(recursive=True):
            with suppress(psutil.NoSuchProcess):
                kernel.kill()
        time.sleep(0.2)


def run(path: Path, *, store: bool) -> float:
    """Run one chapter in kernels of its own; return the seconds of the run that is stored."""
    notebook = read(path)
    if not store:
        return execute(notebook, path, {})[1]
    refuse_stand_in(notebook, path)
    wanted = settings()
    first, *others = wanted
    result, seconds = execute(notebook, path, wanted[first])
    if profile() == "quick":
        keep_ranges(notebook, result)
    else:
        again = [execute(notebook, path, wanted[name])[0] for name in others]
        if wrong := measured(notebook, [result, *again], list(wanted)):
            why = "runs differ where they may not (RNN_UTILS_PROFILE=quick stores one):"
            raise ChapterError("\n".join([why, *wrong]))
    write(tidied(result), path)
    return seconds


def execute(notebook: NotebookNode, path: Path, environment: dict[str, str]) -> tuple[NotebookNode, float]:
    """Return the chapter as one kernel with these settings ran it, and the seconds."""
    result = deepcopy(notebook)
    client = NotebookClient(
        result,
        timeout=900,
        kernel_name="rnn-book",  # as the tests: a log of TensorFlow's C++ in an output could never be compared
        resources={"metadata": {"path": str(path.parent)}},
        record_timing=False,
    )
    start = time.perf_counter()
    # The kernel's own log goes nowhere; a cell's errors arrive as messages.
    client.execute(stderr=subprocess.DEVNULL, env=os.environ | environment)
    return result, time.perf_counter() - start


def refuse_stand_in(notebook: NotebookNode, path: Path) -> None:
    """Stop before a chapter about MNIST is stored with the outputs of the embedded digits."""
    if notebook.metadata.get(META, {}).get("data") == "mnist" and (source := data.mnist_source()) != "mnist":
        raise ChapterError(
            f"{path.name}: its outputs come from MNIST, but only the embedded {source} were found. "
            "Set RNN_UTILS_DATA to a folder that holds mnist/*.gz, or connect to a network once."
        )


if __name__ == "__main__":
    sys.exit(main())
