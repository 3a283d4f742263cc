"""The four published programs run today, and the rebuilds in Keras 3 are the same programs."""

import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from rnn_utils.chapters import ch11_graph_programs as graph_programs
from rnn_utils.chapters.ch11_recipes import RECIPES, next_batches, one_hot, scaled, steps_of, training_part
from rnn_utils.errors import BookError, SettingError
from tests.conftest import imported
from tools.chapters import ROOT, read

SOURCES = list(RECIPES)
SHOWN = {"000": "adam_short", "001": "tanh_no_gates", "002": "two_softmaxes", "003": "plain_descent"}
SEED, STEPS, COUNT = 3, 4, 300
every_recipe = pytest.mark.parametrize("source", SOURCES)


@cache
def images() -> tuple[np.ndarray, np.ndarray]:
    """Noise with grey and blank pixels, as scans have them, and digits at random."""
    rng = np.random.default_rng(0)
    x = rng.random((COUNT, 28, 28), dtype=np.float32)
    x[:, :, :4] = 0
    return x, rng.integers(0, 10, COUNT)


@pytest.fixture(scope="module")
def trials() -> dict[str, graph_programs.Trial]:
    return graph_programs.load_originals(SEED, *images(), STEPS)


def distance(some: list[np.ndarray], others: list[np.ndarray]) -> float:
    return max(float(abs(a - b).max()) for a, b in zip(some, others, strict=True))


def test_steps_are_counted_as_the_while_loops_count_them() -> None:
    for samples, batch, first in [(100_000, 128, 1), (1_000_000, 128, 0), (256, 128, 1), (256, 128, 0), (257, 128, 1)]:
        step, rounds = first, 0
        while step * batch < samples:
            step, rounds = step + 1, rounds + 1
        assert steps_of(samples, batch, first) == rounds


def test_each_recipe_trains_as_long_as_its_source() -> None:
    assert {source: recipe.steps for source, recipe in RECIPES.items()} == {
        "000": 781, "001": 7813, "002": 6600, "003": 10_000,
    }  # fmt: skip


def test_what_a_source_leaves_open_is_said() -> None:
    assert [len(RECIPES[source].filled_in) for source in SOURCES] == [3, 2, 0, 0]
    for word in ("learning_rate", "batch_size", "training_iters"):
        assert any(word in text for text in RECIPES["000"].filled_in)


def test_the_first_twelfth_is_held_out() -> None:
    x = np.arange(24, dtype=np.uint8).repeat(28 * 28).reshape(24, 28, 28)
    part = training_part(x, np.arange(24))
    assert part.y.tolist() == list(range(2, 24))
    assert part.x.dtype == np.float32
    assert part.x[0, 0, 0] == np.float32(2) / np.float32(255)


def test_white_and_black_become_0_and_1() -> None:
    assert scaled(np.array([0, 255], np.uint8)).tolist() == [0, 1]


def test_one_hot_has_its_1_at_the_digit() -> None:
    assert one_hot(np.array([3, 0])).argmax(axis=1).tolist() == [3, 0]
    assert one_hot(np.array([3, 0])).sum() == 2


def test_batches_go_through_all_images_and_across_the_seam_between_passes() -> None:
    rows = next_batches(10, size=4, steps=5, rng=np.random.default_rng(0)).ravel()
    assert sorted(rows[:10]) == sorted(rows[10:]) == list(range(10))
    assert (rows[:10] != rows[10:]).any(), "each pass is shuffled anew"


@pytest.mark.parametrize(("count", "size", "steps"), [(3, 4, 1), (3, 0, 1), (3, 2, 0)])
def test_batches_that_cannot_be_are_refused(count: int, size: int, steps: int) -> None:
    with pytest.raises(SettingError, match=f"got {steps} steps of {size} rows from {count}"):
        next_batches(count, size, steps, np.random.default_rng(0))


def test_a_graph_program_is_refused_beside_keras_3(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("TF_USE_LEGACY_KERAS", raising=False)
    with pytest.raises(SettingError, match="TF_USE_LEGACY_KERAS=1, set before TensorFlow"):
        graph_programs.GraphProgram(RECIPES["000"], SEED)


@pytest.mark.tensorflow
def test_a_variable_that_comes_too_late_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    tf = imported("tensorflow")
    assert tf.keras.__version__.startswith("3."), "the rest of these tests needs Keras 3 here"
    monkeypatch.setenv("TF_USE_LEGACY_KERAS", "1")
    with pytest.raises(SettingError, match="imported with Keras 3"):
        graph_programs.legacy_tensorflow()


@pytest.mark.tensorflow
def test_a_process_that_fails_says_why(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "")
    with pytest.raises(BookError, match="KeyError: '009'"):
        graph_programs.run_apart(["009"], SEED, *images(), STEPS)


@pytest.mark.tensorflow
def test_a_process_that_takes_too_long_says_so() -> None:
    with pytest.raises(BookError, match=r"not done after 0\.01 s; .* pass a larger timeout"):
        graph_programs.run_apart(["000"], SEED, *images(), STEPS, timeout=0.01)


def test_importing_the_programs_needs_no_framework() -> None:
    code = (
        "import sys; sys.modules['tensorflow'] = sys.modules['keras'] = None; "
        "import rnn_utils.chapters.ch11_graph_programs, rnn_utils.chapters.ch11_recipes"
    )
    subprocess.run([sys.executable, "-c", code], check=True, env={**os.environ})


@pytest.mark.tensorflow
class TestRebuilds:
    """One process of the old programs serves all of these."""

    @pytest.fixture(autouse=True)
    def rebuilds(self, trials: dict[str, graph_programs.Trial]) -> None:
        self.trials = trials
        self.module = imported("rnn_utils.chapters.ch11_rebuilds")
        imported("keras").utils.set_random_seed(SEED)

    def rebuilt(self, source: str) -> tuple[object, graph_programs.Trial]:
        recipe, trial = RECIPES[source], self.trials[source]
        rebuild = self.module.Rebuild(recipe)
        rebuild.net.set_weights(self.module.from_graph(recipe, trial.start))
        return rebuild, trial

    @every_recipe
    def test_same_weights_in_same_outputs_out(self, source: str) -> None:
        rebuild, trial = self.rebuilt(source)
        x, _ = images()
        ours = rebuild.outputs(x[: RECIPES[source].batch])
        assert np.ptp(ours) > 0.01
        np.testing.assert_allclose(ours, trial.outputs_start, atol=1e-5, rtol=1e-5)  # rounding of float32

    @every_recipe
    def test_the_first_steps_change_the_weights_alike(self, source: str) -> None:
        rebuild, trial = self.rebuilt(source)
        recipe, (x, y) = RECIPES[source], images()
        start = rebuild.net.get_weights()
        order = next_batches(COUNT, recipe.batch, STEPS, np.random.default_rng(SEED))
        losses = [rebuild.train(x[rows], y[rows]) for rows in order]
        np.testing.assert_allclose(losses, trial.loss, rtol=1e-4)
        end = self.module.from_graph(recipe, trial.end)
        moved = distance(start, end)
        assert moved > 1e-4
        assert distance(rebuild.net.get_weights(), end) < 0.02 * moved
        np.testing.assert_allclose(rebuild.outputs(x[: recipe.batch]), trial.outputs_end, atol=2e-3)

    @every_recipe
    def test_first_weights_come_from_the_same_distributions(self, source: str) -> None:
        theirs = self.module.from_graph(RECIPES[source], self.trials[source].start)
        for a, b in zip(self.module.rebuilt_net(RECIPES[source]).get_weights(), theirs, strict=True):
            assert a.shape == b.shape
            if a.size >= 1000:
                assert a.std() == pytest.approx(b.std(), rel=0.1)  # at least 1,000 draws: within 5 standard errors
                assert a.mean() == pytest.approx(b.mean(), abs=0.2 * float(b.std()))
                assert not np.array_equal(a, b)
            elif np.ptp(b) == 0 or RECIPES[source].answer_bias is not None:
                np.testing.assert_array_equal(a, b)
            if RECIPES[source].truncated and a.shape == theirs[-2].shape:
                assert max(abs(a).max(), abs(b).max()) <= 2 * RECIPES[source].answer_kernel

    @every_recipe
    def test_the_cell_is_drawn_up_to_the_same_bound(self, source: str) -> None:
        recipe = RECIPES[source]
        place = 2 if recipe.input_layer else 0
        for net in (
            self.module.from_graph(recipe, self.trials[source].start),
            self.module.rebuilt_net(recipe).get_weights(),
        ):
            for matrix in net[place : place + 2]:
                assert 0.99 * recipe.cell_limit < abs(matrix).max() <= recipe.cell_limit

    def test_one_seed_gives_one_start_whatever_was_built_before(self) -> None:
        alone = graph_programs.run_apart(["003"], SEED, *images(), 1)["003"]
        for name, array in self.trials["003"].start.items():
            np.testing.assert_array_equal(array, alone.start[name])
        assert alone.loss[0] == pytest.approx(self.trials["003"].loss[0], rel=1e-6)

    def test_only_source_002_answers_with_probabilities(self) -> None:
        for source in SOURCES:
            sums = self.trials[source].outputs_start.sum(axis=1)
            assert np.allclose(sums, 1, atol=1e-5) == (source == "002")

    def test_a_zero_state_made_for_128_still_reads_any_number_of_images(self) -> None:
        rebuild, _ = self.rebuilt("001")
        assert rebuild.outputs(images()[0][:7]).shape == (7, 10)


@pytest.fixture(scope="module")
def cells() -> dict[str, Any]:
    """What the chapter's cells define to build the programs and to train them."""
    imported("tensorflow")
    sources = {cell.id: cell.source for cell in read(ROOT / "notebooks" / "11_four_recipes.ipynb").cells}
    defined: dict[str, Any] = {}
    for cell in ("imports", "parts", "adam-short", "tanh-no-gates", "two-softmaxes", "plain-descent", "step"):
        exec(sources[cell], defined)
    return defined


@pytest.mark.tensorflow
@every_recipe
def test_the_chapter_shows_the_program_that_the_studies_train(source: str, cells: dict[str, Any]) -> None:
    keras, module = imported("keras"), imported("rnn_utils.chapters.ch11_rebuilds")
    recipe, (x, y) = RECIPES[source], images()
    keras.utils.set_random_seed(SEED)
    rebuild = module.Rebuild(recipe)
    keras.utils.set_random_seed(SEED)
    program = cells[SHOWN[source]]()
    assert (program.batch, program.steps) == (recipe.batch, recipe.steps)
    for ours, theirs in zip(program.net.get_weights(), rebuild.net.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)
    step = cells["step_of"](program)
    for rows in next_batches(COUNT, recipe.batch, STEPS, np.random.default_rng(SEED)):
        assert float(step(x[rows], y[rows])) == pytest.approx(rebuild.train(x[rows], y[rows]), rel=1e-6)
    for ours, theirs in zip(program.net.get_weights(), rebuild.net.get_weights(), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-6)


@pytest.mark.tensorflow
def test_one_softmax_is_the_change_of_the_study(cells: dict[str, Any]) -> None:
    keras, module = imported("keras"), imported("rnn_utils.chapters.ch11_rebuilds")
    keras.utils.set_random_seed(SEED)
    rebuild = module.Rebuild(replace(RECIPES["002"], softmaxes=1))
    keras.utils.set_random_seed(SEED)
    program = cells["two_softmaxes"](activation=None)
    x, _ = images()
    np.testing.assert_allclose(program.net(x).numpy(), rebuild.outputs(x), atol=1e-6)


@pytest.fixture(scope="module")
def study() -> dict[str, list[dict[str, Any]]]:
    """The stored trial, as anyone reads the file: the tables stand beside the provenance."""
    return json.loads((ROOT / "benchmarks" / "results" / "four_recipes.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize(("table", "names"), [("runs", [*SOURCES, "book"]), ("rebuilds", SOURCES)])
def test_the_trial_holds_every_run_once_and_whole(
    study: dict[str, list[dict[str, Any]]], table: str, names: list[str]
) -> None:
    assert sorted((row["recipe"], row["seed"]) for row in study[table]) == [(n, s) for n in names for s in range(5)]
    for row in study[table]:
        seconds, shares = np.transpose(row["curve"])
        assert row["steps"] == row["curve_steps"][-1]
        assert row["accuracy"] == shares[-1]
        assert (np.diff([0, *seconds]) > 0).all()
        assert row["seconds"] + 0.0051 >= seconds[-1]  # the one is rounded to hundredths
        assert all(0 <= share <= 1 for share in (*shares, row["accuracy_128"]))
        assert row["accuracy_128"] * 128 % 1 == 0
        if row["recipe"] != "book":
            assert row["steps"] == RECIPES[row["recipe"]].steps
        if table == "runs":
            assert row["others"] < 0.25, "the machine had something else to do"


def test_the_chart_is_a_run_of_the_trial_with_a_dot_where_its_source_draws_one(
    study: dict[str, list[dict[str, Any]]],
) -> None:
    [chart] = study["charts"]
    assert chart["charted_after"] == [step for step in range(1, 10_001) if step % 200 == 0 or step == 1]
    assert all(share * 128 % 1 == 0 for share in chart["on_batch"])
    [row] = [row for row in study["rebuilds"] if all(row[name] == chart[name] for name in ("recipe", "seed"))]
    tested = dict(zip(chart["charted_after"], chart["on_all"], strict=True))
    points = zip(row["curve_steps"], row["curve"], strict=True)
    gaps = [abs(tested[step] - share) for step, (_, share) in points if step in tested]
    assert len(gaps) > 10
    assert max(gaps) < 0.005  # runs of other seeds are twice as far apart, or more


@pytest.mark.tensorflow
def test_the_trial_tests_at_most_fifty_steps_apart_in_the_first_epoch(study: dict[str, list[dict[str, Any]]]) -> None:
    from rnn_utils.nets.digit_reader import RECIPE

    batches = {source: recipe.batch for source, recipe in RECIPES.items()} | {"book": RECIPE["batch"]}
    for row in study["runs"] + study["rebuilds"]:
        batch = batches[row["recipe"]]
        first = [step for step in row["curve_steps"] if step <= 55_000 // batch]
        assert max(np.diff([0, *first])) <= 50


def test_the_published_programs_take_ten_times_as_long(study: dict[str, list[dict[str, Any]]]) -> None:
    by_run = {(row["recipe"], row["seed"]): row for row in study["runs"]}
    means = []
    for seed in range(5):
        ours = by_run["book", seed]["curve"]
        theirs = [by_run[source, seed] for source in SOURCES]
        reached = [next(at for at, share in ours if share >= row["accuracy"]) for row in theirs]
        means.append(np.exp(np.mean([np.log(row["seconds"] / at) for row, at in zip(theirs, reached, strict=True)])))
    assert np.median(means) >= 10
    assert np.median([by_run["book", seed]["accuracy"] for seed in range(5)]) >= 0.99


def test_each_change_was_followed_to_the_end_from_every_seed() -> None:
    path = ROOT / "benchmarks" / "results" / "recipe_changes.json"
    runs = json.loads(path.read_text(encoding="utf-8"))["runs"]
    changes = {(row["source"], row["change"]) for row in runs}
    assert {source for source, _ in changes} == {"000", "002", "003"}
    assert len(changes) == 6
    assert sorted((row["source"], row["change"], row["seed"]) for row in runs) == [
        (*change, seed) for change in sorted(changes) for seed in range(5)
    ]
    for row in runs:
        assert row["tested_after"][-1] == row["steps"] == RECIPES[row["source"]].steps
        assert len(row["accuracies"]) == len(row["tested_after"])
        assert row["accuracy"] == row["accuracies"][-1]
