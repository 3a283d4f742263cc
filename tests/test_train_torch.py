"""The PyTorch loop: that it trains as PyTorch itself does, its devices and its own bad arguments."""

from pathlib import Path

import numpy as np
import pytest

from rnn_utils.errors import SettingError

torch = pytest.importorskip("torch")
train_torch = pytest.importorskip("rnn_utils.train_torch")
nn = torch.nn

pytestmark = pytest.mark.torch

LOSS = nn.CrossEntropyLoss()
N, T, D, H, CLASSES = 24, 3, 5, 7, 2


class Reader(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.rnn, self.out = nn.LSTM(D, H, batch_first=True), nn.Linear(H, CLASSES)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.out(self.rnn(x)[0][:, -1])


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(0)


@pytest.fixture
def task(rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Sequences of noise; the class is the sign of one input at the first step."""
    x = rng.normal(size=(N, T, D))
    return x, (x[:, 0, 0] > 0).astype("uint8")


def new_net() -> nn.Module:
    torch.manual_seed(0)
    return Reader()


def test_fit_is_the_loop_by_hand(task: tuple[np.ndarray, np.ndarray]) -> None:
    x, y = torch.tensor(task[0], dtype=torch.float32), torch.tensor(task[1], dtype=torch.int64)
    ours, theirs = new_net(), new_net()
    settings = {"steps": 6, "batch": 8, "rng": np.random.default_rng(1), "clip": 0.1}
    history = train_torch.fit(ours, torch.optim.Adam(ours.parameters(), 0.01), LOSS, *task, **settings)
    optimizer, losses = torch.optim.Adam(theirs.parameters(), 0.01), []
    for rows in train_torch.batches(N, 8, 6, np.random.default_rng(1)):
        optimizer.zero_grad()
        error = LOSS(theirs(x[rows]), y[rows])
        error.backward()
        nn.utils.clip_grad_norm_(theirs.parameters(), 0.1)
        optimizer.step()
        losses.append(error.item())
    for a, b, start in zip(ours.parameters(), theirs.parameters(), new_net().parameters(), strict=True):
        assert (a - start).abs().max() > 1e-3
        assert torch.equal(a, b)
    assert history.train_loss == [np.mean(losses)]


def test_fit_learns_what_was_held_out(task: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> None:
    net = new_net()
    optimizer = torch.optim.Adam(net.parameters(), 0.03)
    history = train_torch.fit(net, optimizer, LOSS, *task, steps=80, batch=8, rng=rng, validation=task, every=20)
    assert history.val_loss[-1] < 0.5 * history.val_loss[0]
    assert history.train_loss[-1] < history.train_loss[0]


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64, torch.bfloat16])
def test_data_take_the_precision_of_the_net(
    dtype: torch.dtype, task: tuple[np.ndarray, np.ndarray], rng: np.random.Generator, tmp_path: Path
) -> None:
    nets = [new_net().to(dtype), new_net().to(dtype)]
    for net in nets:
        settings = {"steps": 4, "batch": 8, "rng": np.random.default_rng(3), "checkpoint": tmp_path}
        train_torch.fit(net, torch.optim.Adam(net.parameters(), 0.01), LOSS, *task, **settings)
        assert {weight.dtype for weight in net.parameters()} == {dtype}
    for a, b in zip(*(net.parameters() for net in nets), strict=True):
        assert torch.equal(a, b), "the second one comes from the checkpoint"


@pytest.mark.parametrize("kind", ["SGD", "Adam", "AdamW", "RMSprop", "Adagrad", "NAdam"])
def test_the_state_of_every_usual_optimizer_is_kept(
    kind: str, task: tuple[np.ndarray, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    extra = {"SGD": {"momentum": 0.9}}.get(kind, {})

    def train(folder: Path | None) -> list[torch.Tensor]:
        net = new_net()
        optimizer = getattr(torch.optim, kind)(net.parameters(), lr=0.01, **extra)
        rng = np.random.default_rng(3)
        train_torch.fit(net, optimizer, LOSS, *task, steps=6, batch=8, every=2, rng=rng, checkpoint=folder)
        return [weight.detach() for weight in net.parameters()]

    train(tmp_path)
    max(tmp_path.iterdir()).unlink()  # the last third is trained again, from what step 4 left
    assert len(list(tmp_path.iterdir())) == 1
    for a, b in zip(train(tmp_path), train(None), strict=True):
        assert torch.equal(a, b)


def test_the_net_evaluates_and_goes_back_to_its_mode(task: tuple[np.ndarray, np.ndarray]) -> None:
    net = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(T * D, CLASSES))
    for training in (True, False):
        net.train(training)
        losses = {train_torch.mean_loss(net, LOSS, *task) for _ in range(3)}
        assert len(losses) == 1
        assert net.training is training


def test_mean_loss_weighs_a_short_last_piece_by_its_rows(
    task: tuple[np.ndarray, np.ndarray], monkeypatch: pytest.MonkeyPatch
) -> None:
    net = new_net()
    at_once = train_torch.mean_loss(net, LOSS, *task)
    monkeypatch.setattr(train_torch, "PIECE", 7)
    assert train_torch.mean_loss(net, LOSS, *task) == pytest.approx(at_once, rel=1e-5)


DEVICES = [
    pytest.param("cuda", marks=pytest.mark.skipif(not torch.cuda.is_available(), reason="no CUDA here")),
    pytest.param("mps", marks=pytest.mark.skipif(not torch.backends.mps.is_available(), reason="no MPS here")),
]


@pytest.mark.parametrize("device", ["cpu", *DEVICES])
def test_data_follow_the_net_to_its_device(
    device: str, task: tuple[np.ndarray, np.ndarray], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def train(folder: Path | None) -> tuple[list[list[float]], list[torch.Tensor]]:
        torch.manual_seed(0)
        net = nn.Sequential(nn.Flatten(), nn.Dropout(0.5), nn.Linear(T * D, CLASSES)).to(device)
        optimizer, rng = torch.optim.Adam(net.parameters(), 0.01), np.random.default_rng(3)
        settings = {"steps": 6, "batch": 8, "every": 2, "rng": rng, "validation": task, "checkpoint": folder}
        history = train_torch.fit(net, optimizer, LOSS, *task, **settings)
        assert {weight.device.type for weight in net.parameters()} == {device}
        return list(history[:4]), [weight.detach().cpu() for weight in net.parameters()]

    whole, weights = train(tmp_path)
    max(tmp_path.iterdir()).unlink()
    again, same = train(tmp_path)
    assert again == whole
    assert all(torch.equal(a, b) for a, b in zip(weights, same, strict=True))


def test_a_net_on_two_devices_is_refused(task: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> None:
    net = new_net()
    net.out.to("meta")
    with pytest.raises(SettingError, match=r"lies on cpu, meta; expected one device.*model\.to\(device\)"):
        train_torch.fit(net, torch.optim.SGD(net.parameters(), 0.1), LOSS, *task, steps=1, batch=4, rng=rng)


def test_a_net_without_weights_is_refused(task: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> None:
    optimizer = torch.optim.SGD(new_net().parameters(), 0.1)
    with pytest.raises(SettingError, match="the net has no weights to train"):
        train_torch.fit(nn.Flatten(), optimizer, LOSS, *task, steps=1, batch=4, rng=rng)


def test_the_optimizer_of_another_net_is_refused(task: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> None:
    net, other = new_net(), new_net()
    with pytest.raises(SettingError, match="weights that are not the net's"):
        train_torch.fit(net, torch.optim.SGD(other.parameters(), 0.1), LOSS, *task, steps=1, batch=4, rng=rng)


def test_l_bfgs_is_refused(task: tuple[np.ndarray, np.ndarray], rng: np.random.Generator) -> None:
    net = new_net()
    with pytest.raises(SettingError, match=r"L-BFGS.*Write a loop of your own"):
        train_torch.fit(net, torch.optim.LBFGS(net.parameters()), LOSS, *task, steps=1, batch=4, rng=rng)
