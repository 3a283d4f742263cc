"""What both loops share: one signature, one history, records, early stop, resuming, clear errors."""

import inspect
import random
import sys
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest

from rnn_utils import checkpoints, training
from rnn_utils.errors import DataError, SettingError
from rnn_utils.training import Logbook, best_record, one_cycle

N, D = 24, 3
NUMBERS = np.random.default_rng(0)
X = NUMBERS.normal(size=(N, D)).astype("float32")
Y = (X @ np.array([[1.0], [-2.0], [0.5]]) + 0.1).astype("float32")
START = NUMBERS.normal(size=(D, 1)).astype("float32")


class InKeras:
    """A linear net with dropout, in Keras."""

    name = "keras"

    def __init__(self) -> None:
        self.loop: ModuleType = pytest.importorskip("rnn_utils.train_keras")
        self.keras = pytest.importorskip("keras")
        self.loss = self.keras.losses.MeanSquaredError()

    def net(self, width: int = D, dropout: float = 0.0) -> Any:
        layers = self.keras.layers
        parts = [layers.Dropout(dropout, seed=3)] if dropout else []
        net = self.keras.Sequential([self.keras.Input((width,)), *parts, layers.Dense(1)])
        net.set_weights([np.resize(START, (width, 1)), np.zeros(1)])
        return net

    def sgd(self, net: Any, rate: float = 0.1) -> Any:
        return self.keras.optimizers.SGD(rate)

    def adam(self, net: Any, rate: float = 0.05) -> Any:
        return self.keras.optimizers.Adam(rate)

    def weights(self, net: Any) -> list[np.ndarray]:
        return net.get_weights()


class InTorch:
    """The same net in PyTorch."""

    name = "torch"

    def __init__(self) -> None:
        self.loop: ModuleType = pytest.importorskip("rnn_utils.train_torch")
        self.torch = pytest.importorskip("torch")
        self.loss = self.torch.nn.MSELoss()

    def net(self, width: int = D, dropout: float = 0.0) -> Any:
        self.torch.manual_seed(3)
        nn = self.torch.nn
        net = nn.Sequential(nn.Dropout(dropout), nn.Linear(width, 1))
        with self.torch.no_grad():
            net[1].weight[:] = self.torch.as_tensor(np.resize(START, (width, 1)).T)
            net[1].bias[:] = 0
        return net

    def sgd(self, net: Any, rate: float = 0.1) -> Any:
        return self.torch.optim.SGD(net.parameters(), rate)

    def adam(self, net: Any, rate: float = 0.05) -> Any:
        return self.torch.optim.Adam(net.parameters(), rate)

    def weights(self, net: Any) -> list[np.ndarray]:
        return [net[1].weight.detach().numpy().T.copy(), net[1].bias.detach().numpy().copy()]


BOTH = [pytest.param(InKeras, marks=pytest.mark.tensorflow), pytest.param(InTorch, marks=pytest.mark.torch)]


@pytest.fixture(params=BOTH)
def kit(request: pytest.FixtureRequest) -> Any:
    return request.param()


def fit(kit: Any, net: Any = None, optimizer: Any = None, x: Any = X, y: Any = Y, **settings: Any) -> Any:
    net = kit.net() if net is None else net
    optimizer = kit.sgd(net) if optimizer is None else optimizer
    chosen = {"steps": 12, "batch": 8, "every": 3, "rng": np.random.default_rng(1)} | settings
    return kit.loop.fit(net, optimizer, kit.loss, x, y, **chosen)


# --- one signature, one meaning ---


@pytest.mark.tensorflow
@pytest.mark.torch
def test_the_loops_have_one_signature() -> None:
    keras_loop, torch_loop = InKeras().loop, InTorch().loop
    ours, theirs = inspect.signature(keras_loop.fit).parameters, inspect.signature(torch_loop.fit).parameters
    assert [(name, one.kind, one.default) for name, one in ours.items()] == [
        (name, one.kind, one.default) for name, one in theirs.items()
    ]
    assert [str(one.annotation) for one in list(ours.values())[2:]] == [
        str(one.annotation) for one in list(theirs.values())[2:]
    ]
    assert keras_loop.__all__ == torch_loop.__all__
    assert keras_loop.History is torch_loop.History is training.History
    assert keras_loop.batches is torch_loop.batches


@pytest.mark.tensorflow
@pytest.mark.torch
@pytest.mark.parametrize(
    "settings",
    [{}, {"clip": 0.5}, {"rate": one_cycle(12, 0.2)}, {"clip": 0.5, "rate": one_cycle(12, 0.2), "batch": 7}],
)
def test_the_loops_do_the_same(settings: dict[str, Any]) -> None:
    histories, weights = [], []
    for kit in (InKeras(), InTorch()):
        net = kit.net()
        histories.append(fit(kit, net, validation=(X[:9], Y[:9]), **settings))
        weights.append(kit.weights(net))
    for ours, theirs in zip(histories[0][:4], histories[1][:4], strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5)
    for ours, theirs in zip(*weights, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-5, atol=1e-6)


def test_each_step_moves_the_weights_by_the_clipped_gradient_times_the_rate(kit: Any) -> None:
    net, rates = kit.net(), [0.5, 0.25]
    before = kit.weights(net)
    order = training.batches(N, 8, 2, np.random.default_rng(1))
    w, b = (array.astype(float) for array in before)
    norms = []
    for step, rows in enumerate(order):
        error = X[rows] @ w + b - Y[rows]
        dw, db = 2 * X[rows].T @ error / 8, 2 * error.sum(axis=0) / 8
        norms.append(float(np.sqrt((dw**2).sum() + (db**2).sum())))
        factor = min(1.0, 1.5 / norms[-1])
        w, b = w - rates[step] * factor * dw, b - rates[step] * factor * db
    assert max(norms) > 1.5, "something is clipped"
    history = fit(kit, net, steps=2, every=1, rate=rates.__getitem__, clip=1.5)
    np.testing.assert_allclose(history.grad_norm, norms, rtol=1e-5)
    for ours, theirs in zip((w, b), kit.weights(net), strict=True):
        np.testing.assert_allclose(theirs, ours, rtol=1e-4)


def test_one_cycle_rises_straight_to_its_peak_and_falls_to_zero() -> None:
    rate = one_cycle(20, peak=0.5)
    rates = np.array([rate(step) for step in range(21)])
    assert rates[0] == pytest.approx(0.5 / 25)
    assert rates.argmax() == 6
    assert rates.max() == pytest.approx(0.5)
    assert rates[-1] == pytest.approx(0, abs=1e-8)
    np.testing.assert_allclose(np.diff(rates[:7]), (0.5 - 0.02) / 6)
    assert (np.diff(rates[6:]) < 0).all()


def test_one_cycle_rises_as_long_and_from_where_it_is_told() -> None:
    rate = one_cycle(100, peak=0.6, rise=10, start=3)
    assert [round(rate(step), 3) for step in (0, 5, 10, 55, 100, 200)] == [0.2, 0.4, 0.6, 0.3, 0, 0]
    short = one_cycle(6, peak=0.6, rise=10, start=3)
    assert max(range(7), key=short) == 3, "half of the steps at most"


@pytest.mark.parametrize(
    ("wrong", "told"),
    [({"steps": 1}, "steps is 1"), ({"peak": 0}, "peak is 0"), ({"rise": 0}, "rise is 0"), ({"start": -1}, "is -1")],
)
def test_one_cycle_needs_room(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(SettingError, match=told):
        one_cycle(**{"steps": 10, "peak": 0.5} | wrong)


# --- records ---


def test_a_record_for_each_stretch_and_for_the_end(kit: Any) -> None:
    net = kit.net()
    history = fit(kit, net, kit.sgd(net, 0.0), batch=N, steps=7, every=3, validation=(X, Y))
    assert history.step == [3, 6, 7]
    assert {len(kept) for kept in history} == {3}
    expected = kit.loop.mean_loss(net, kit.loss, X, Y)  # a rate of zero changes nothing
    assert history.train_loss + history.val_loss == pytest.approx([expected] * 6, rel=1e-5)
    assert 0 < history.seconds[0] < history.seconds[1] < history.seconds[2]
    assert all(type(value) is float for kept in history[1:] for value in kept)


def test_dropout_trains_and_does_not_evaluate(kit: Any) -> None:
    net = kit.net(dropout=0.5)
    history = fit(kit, net, kit.sgd(net, 0.0), batch=N, every=1, validation=(X, Y))
    assert len(set(history.val_loss)) == 1
    assert len(set(history.train_loss)) > 6


# --- what a caller adds ---


def test_augment_changes_what_is_read_and_draws_from_the_one_generator(kit: Any) -> None:
    rng, read = np.random.default_rng(1), []

    def keep(x: np.ndarray, given: np.random.Generator) -> np.ndarray:
        assert given is rng
        read.append(x)
        return 0 * x

    net = kit.net()
    fit(kit, net, rng=rng, augment=keep)
    order = training.batches(N, 8, 12, np.random.default_rng(1))
    np.testing.assert_array_equal(read, X[order])
    np.testing.assert_array_equal(kit.weights(net)[0], START)  # an x of zeros teaches the bias alone


def test_on_step_sees_every_step_and_its_time_is_not_counted(kit: Any) -> None:
    net, seen = kit.net(), []

    def look(step: int, model: Any) -> None:
        seen.append((step, model is net, kit.weights(model)[0].tobytes()))
        time.sleep(0.2)

    history = fit(kit, net, steps=5, every=2, on_step=look)
    assert [told[:2] for told in seen] == [(step, True) for step in range(1, 6)]
    assert len({weights for *_, weights in seen}) == 5, "called after the step, not before"
    assert seen[-1][2] == kit.weights(net)[0].tobytes()
    assert history.step == [2, 4, 5]
    assert history.seconds[-1] - history.seconds[0] < 0.3, "three looks of 0.2 s lie between these records"


# --- early stopping ---


def rising(steps: list[int]) -> Callable[[int], float]:
    """Return a rate that is good at first and then drives the loss up."""
    return lambda step: 0.1 if step < steps[0] else -0.05


@pytest.mark.parametrize(("patience", "last"), [(1, 9), (2, 12), (50, 30)])
def test_patience_ends_and_gives_the_best_weights_back(kit: Any, patience: int, last: int) -> None:
    net = kit.net()
    settings = {"every": 3, "rate": rising([6]), "validation": (X, Y), "batch": N}
    history = fit(kit, net, steps=30, patience=patience, **settings)
    assert history.step[-1] == last
    assert np.argmin(history.val_loss) == 1
    assert kit.loop.mean_loss(net, kit.loss, X, Y) == history.val_loss[1]
    best = kit.net()
    fit(kit, best, steps=6, **settings)
    for ours, theirs in zip(kit.weights(net), kit.weights(best), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_without_patience_the_last_weights_stay(kit: Any) -> None:
    net = kit.net()
    history = fit(kit, net, steps=12, rate=rising([6]), validation=(X, Y), batch=N)
    assert history.step[-1] == 12
    assert kit.loop.mean_loss(net, kit.loss, X, Y) == history.val_loss[-1] > history.val_loss[1]


@pytest.mark.parametrize(
    ("losses", "place"),
    [([], -1), ([2.0], 0), ([2.0, 1.0, 1.0], 1), ([float("nan")], -1), ([float("nan"), 5.0, float("nan")], 1)],
)
def test_the_best_record_is_the_first_lowest(losses: list[float], place: int) -> None:
    assert best_record(losses) == place


def test_a_loss_that_is_no_number_uses_up_the_patience(kit: Any) -> None:
    net = kit.net()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", RuntimeWarning)
        history = fit(kit, net, y=np.full_like(Y, np.nan), validation=(X, Y), patience=2, steps=30)
    assert len(history.step) == 2
    assert np.isnan(history.val_loss).all()


# --- checkpoints ---


def interrupted(kit: Any, monkeypatch: pytest.MonkeyPatch, saves: int, **settings: Any) -> None:
    """Train until so many checkpoints were written, and stop as Ctrl-C does."""
    save, left = checkpoints.save, [saves]

    def save_and_stop(folder: Path, checkpoint: Any) -> None:
        save(folder, checkpoint)
        left[0] -= 1
        if not left[0]:
            raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr(checkpoints, "save", save_and_stop)
        net = kit.net(dropout=0.3)
        with pytest.raises(KeyboardInterrupt):
            fit(kit, net, kit.adam(net), **settings)


def settings_of(folder: Path | None) -> dict[str, Any]:
    return {
        "validation": (X, Y),
        "patience": 20,
        "rate": one_cycle(12, 0.2),
        "clip": 1.0,
        "checkpoint": folder,
        "augment": noisy,
    }


def noisy(x: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    return x + rng.normal(0, 0.1, x.shape).astype("float32")


@pytest.mark.parametrize("saves", [1, 3, 4])
def test_a_stopped_training_goes_on_to_the_same_end(
    kit: Any, saves: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole, rng = kit.net(dropout=0.3), np.random.default_rng(1)
    expected = fit(kit, whole, kit.adam(whole), **settings_of(None) | {"rng": rng})
    interrupted(kit, monkeypatch, saves, **settings_of(tmp_path))
    again, resumed = kit.net(dropout=0.3), np.random.default_rng(1)
    history = fit(kit, again, kit.adam(again), **settings_of(tmp_path) | {"rng": resumed})
    assert history[:4] == expected[:4]
    assert history.seconds == sorted(history.seconds)
    for ours, theirs in zip(kit.weights(again), kit.weights(whole), strict=True):
        assert ours.tobytes() == theirs.tobytes()
    assert resumed.bit_generator.state == rng.bit_generator.state
    assert len(list(tmp_path.iterdir())) == min(2, saves + (saves < 4))


def test_a_finished_training_is_given_back_at_once(kit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    nets = [kit.net(), kit.net()]
    histories = [fit(kit, net, checkpoint=tmp_path) for net in nets]
    assert histories[0] == histories[1]
    for ours, theirs in zip(*map(kit.weights, nets), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_a_training_that_was_stopped_early_stays_stopped(kit: Any, tmp_path: Path) -> None:
    settings = {"steps": 30, "rate": rising([6]), "validation": (X, Y), "patience": 1, "batch": N}
    nets = [kit.net(), kit.net()]
    histories = [fit(kit, net, **settings, checkpoint=tmp_path) for net in nets]
    assert histories[0] == histories[1]
    assert histories[1].step[-1] == 9
    assert kit.loop.mean_loss(nets[1], kit.loss, X, Y) == histories[1].val_loss[1]


@pytest.mark.parametrize("kind", ["MT19937", "PCG64", "Philox", "SFC64"])
@pytest.mark.torch
def test_every_generator_goes_on_where_it_was(kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    kit = InTorch()

    def generator() -> np.random.Generator:
        return np.random.Generator(getattr(np.random, kind)(4))

    def seeded() -> None:
        random.seed(1)
        np.random.seed(1)

    class Noisy(kit.torch.nn.Linear):
        def forward(self, x: Any) -> Any:
            noise = random.random() + np.random.normal() + self.rng.normal() + float(kit.torch.rand(()))
            return super().forward(x) + noise

    def noisy(rng: np.random.Generator) -> Any:
        kit.torch.manual_seed(0)
        net = Noisy(D, 1)
        net.rng = rng
        return net

    monkeypatch.setattr(kit, "net", lambda dropout: noisy(rng))
    ends = []
    for stop in (False, True):
        rng = generator()
        seeded()
        if stop:
            interrupted(kit, monkeypatch, 2, checkpoint=tmp_path, rng=rng)
            rng = generator()
            seeded()
        net = noisy(rng)
        history = fit(kit, net, kit.adam(net), checkpoint=tmp_path if stop else None, rng=rng)
        ends.append((history[:4], net.weight.tolist(), random.random(), np.random.random(), rng.random()))
    assert ends[0] == ends[1]


def test_a_damaged_checkpoint_costs_only_the_way_back(
    kit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = kit.net(dropout=0.3)
    fit(kit, whole, kit.adam(whole), **settings_of(None))
    interrupted(kit, monkeypatch, 3, **settings_of(tmp_path))
    newest = max(tmp_path.iterdir())
    newest.write_bytes(newest.read_bytes()[:-1])
    again = kit.net(dropout=0.3)
    with pytest.warns(UserWarning, match=rf"{newest.name} .* step-00000006.safetensors, is whole"):
        fit(kit, again, kit.adam(again), **settings_of(tmp_path))
    for ours, theirs in zip(kit.weights(again), kit.weights(whole), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_damaged_checkpoints_alone_are_an_error(kit: Any, tmp_path: Path) -> None:
    fit(kit, checkpoint=tmp_path)
    for path in tmp_path.iterdir():
        path.write_bytes(b"")
    with pytest.raises(DataError, match="no checkpoint"):
        fit(kit, checkpoint=tmp_path)


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"steps": 13}, "steps was 12, now it is 13"),
        ({"batch": 4}, "batch was 8, now it is 4"),
        ({"every": 4}, "every was 3, now it is 4"),
        ({"clip": 2.0}, "clip was None, now it is 2.0"),
        ({"rate": one_cycle(12, 0.1)}, "rate was None, now it is float64"),
        ({"rng": np.random.default_rng(2)}, "rng was"),
        ({"augment": lambda x, rng: x}, "augment was None, now it is .*lambda"),
        ({"x": X[1:], "y": Y[1:]}, r"x was float32 \(24, 3\) .*, now it is float32 \(23, 3\)"),
        ({"y": Y + 1}, r"y was float32"),
        ({"validation": (X, Y)}, "validation was None"),
    ],
)
def test_the_checkpoint_of_another_run_is_refused(kit: Any, change: dict[str, Any], told: str, tmp_path: Path) -> None:
    fit(kit, checkpoint=tmp_path)
    net = kit.net()
    before = kit.weights(net)
    with pytest.raises(SettingError, match=rf"of another run: .*{told}.* name another folder to begin anew"):
        fit(kit, net, **change, checkpoint=tmp_path)
    for ours, theirs in zip(before, kit.weights(net), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_the_checkpoint_of_another_net_is_refused(kit: Any, tmp_path: Path) -> None:
    fit(kit, checkpoint=tmp_path)
    wide = np.ones((N, D + 1), dtype="float32")
    with pytest.raises(SettingError, match=r"of another run: .*3.*now it is .*4"):
        fit(kit, kit.net(D + 1), x=wide, checkpoint=tmp_path)
    net = kit.net()
    with pytest.raises(SettingError, match=r"optimizer was SGD .*, now it is Adam"):
        fit(kit, net, kit.adam(net), checkpoint=tmp_path)
    with pytest.raises(SettingError, match=r"optimizer was SGD .*, now it is SGD"):
        fit(kit, net, kit.sgd(net, 0.2), checkpoint=tmp_path)


@pytest.mark.tensorflow
def test_a_second_optimizer_of_a_process_may_go_on(tmp_path: Path) -> None:
    kit = InKeras()
    for _ in range(2):
        fit(kit, kit.net(), kit.keras.optimizers.SGD(0.1), checkpoint=tmp_path)


def test_files_of_another_program_are_refused(kit: Any, tmp_path: Path) -> None:
    checkpoints.save(tmp_path, checkpoints.Checkpoint(1, {"w": X}, {}))
    with pytest.raises(SettingError, match=r"of another run: .*steps was None, now it is 12"):
        fit(kit, checkpoint=tmp_path)


def test_a_missing_safetensors_is_told_before_the_first_step(
    kit: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "safetensors.numpy", None)
    net = kit.net()
    with pytest.raises(SettingError, match=r"safetensors is missing.*pip install"):
        fit(kit, net, checkpoint=tmp_path)
    np.testing.assert_array_equal(kit.weights(net)[0], START)
    with pytest.raises(SettingError, match="safetensors is missing"):
        checkpoints.save(tmp_path, checkpoints.Checkpoint(1, {}, {}))


# --- bad arguments ---


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"y": Y[1:]}, "x has 24 rows but y has 23"),
        ({"batch": 25}, "got 12 steps of 25 rows from 24"),
        ({"steps": 0}, "got 0 steps"),
        ({"every": 0}, "every is 0"),
        ({"rate": 0.1}, "rate is 0.1; expected a function of the steps"),
        ({"augment": "shift"}, "augment is 'shift'; expected a function of the x"),
        ({"on_step": 3}, "on_step is 3; expected a function of the steps"),
        ({"clip": 0}, "clip is 0; expected a norm above 0"),
        ({"clip": float("nan")}, "clip is nan"),
        ({"patience": 2}, "patience is 2 and validation is missing"),
        ({"patience": 0, "validation": (X, Y)}, "patience is 0 and validation is there"),
        ({"validation": (X, Y[1:])}, "validation has parts of 24, 23 rows"),
        ({"validation": (X[:0], Y[:0])}, "validation has parts of 0, 0 rows"),
        ({"validation": (X,)}, "validation has parts of 24 rows"),
    ],
)
def test_bad_arguments_are_refused_before_anything_happens(
    kit: Any, change: dict[str, Any], told: str, tmp_path: Path
) -> None:
    net = kit.net()
    before = kit.weights(net)
    with pytest.raises(SettingError, match=told):
        fit(kit, net, **change, checkpoint=tmp_path)
    assert list(tmp_path.iterdir()) == []
    for ours, theirs in zip(before, kit.weights(net), strict=True):
        assert ours.tobytes() == theirs.tobytes()


def test_training_needs_no_framework() -> None:
    trainee = SimpleNamespace(model=None, weights=dict, set_weights=None, state=None, restore=None, identity=dict)
    settings = dict.fromkeys(("validation", "rate", "clip", "patience", "checkpoint", "augment", "on_step"))
    logbook = Logbook(
        trainee, X, Y, lambda: 0.0, steps=2, batch=N, every=1, rng=np.random.default_rng(0), progress=False, **settings
    )
    for step, x, y in logbook:
        np.testing.assert_array_equal(np.sort(x, axis=0), np.sort(X, axis=0))
        assert sorted(y.ravel()) == sorted(Y.ravel())
        logbook.note(step, 2 * step)
    assert logbook.close()[:4] == ([1, 2], [0.0, 1.0], [], [0.0, 2.0])
