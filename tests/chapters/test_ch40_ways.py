"""Before their times are compared: all ways compute the same."""

import numpy as np
import pytest

from rnn_utils.cells import LSTMState, LSTMWeights
from rnn_utils.cells.gradients import relative_error
from rnn_utils.cells.sequence import Unrolled, unroll, unroll_backward

torch = pytest.importorskip("torch")
pytestmark = pytest.mark.torch
costs = pytest.importorskip("rnn_utils.chapters.ch40_costs")
ways = pytest.importorskip("rnn_utils.chapters.ch40_ways")

OF_TENSORFLOW = [name for name in ways.WAYS if name.startswith(("fit", "tf."))]


@pytest.fixture
def task() -> ways.Task:
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (ways.BATCHES, 3, costs.T, costs.D), dtype=np.uint8)
    return ways.Task(images, rng.integers(0, 10, images.shape[:2]), costs.new_weights(5, rng))


@pytest.mark.parametrize("read", costs.READS)
def test_every_way_to_run_has_the_state_and_the_gradients_of_the_formulas(read: str, task: ways.Task) -> None:
    net, x = costs.TimedNet(read, task.weights), task.floats()[0]
    result, cache = unroll(x, LSTMWeights(*task.weights[:3]))
    ones = LSTMState(np.ones_like(result.state.h), np.zeros_like(result.state.c))
    wanted = unroll_backward(Unrolled(None, ones), cache).dweights
    h = net.read(net.cell, torch.from_numpy(x.swapaxes(0, 1) if read == "time-major" else x))
    h.sum().backward()
    weight_ih, weight_hh, bias, _ = net.cell.parameters()
    found = (h.detach(), weight_ih.grad.T, weight_hh.grad.T, bias.grad)
    for ours, theirs in zip((result.state.h, *wanted), found, strict=True):
        assert relative_error(ours, theirs.numpy()) < 1e-5  # float32


@pytest.mark.parametrize("name", [name for name in ways.WAYS if name not in OF_TENSORFLOW])
def test_every_way_to_train_has_the_losses_of_numpy(name: str, task: ways.Task) -> None:
    if name == "Lightning":
        pytest.importorskip("pytorch_lightning")
    wanted, found = ways.by_numpy(task, 3), ways.WAYS[name](task, 3)
    assert [loss for _, loss in found] == pytest.approx([loss for _, loss in wanted], rel=1e-5)
    assert all(seconds > 0 for seconds, _ in found)


@pytest.mark.tensorflow
@pytest.mark.parametrize("name", OF_TENSORFLOW)
def test_tensorflow_has_them_too_but_for_its_adam(name: str, task: ways.Task) -> None:
    """Keras adds epsilon before the correction of the second moment, which counts where gradients are small."""
    if "at once" not in name:
        task = task._replace(images=task.images[:3], digits=task.digits[:3])
    wanted, found = ways.by_numpy(task, 2), ways.WAYS[name](task, 2)
    assert [loss for _, loss in found] == pytest.approx([loss for _, loss in wanted], rel=1e-3)


def test_numbers_of_bfloat16_change_little(task: ways.Task) -> None:
    net, x = costs.TimedNet("formulas", task.weights), torch.from_numpy(task.floats()[0])
    with torch.autocast("cpu", torch.bfloat16):
        rounded = net(x)
    assert (rounded.float() - net(x)).abs().max() < 0.02  # two digits and a half


def test_the_counted_products_are_those_of_the_formula() -> None:
    from torch.utils.flop_counter import FlopCounterMode

    step = costs.there_and_back(*costs.READS["formulas"], torch.randn(3, costs.T, costs.D), 5)
    with FlopCounterMode(display=False) as counter:
        step()
    first = 2 * 3 * 4 * 5 * 5  # the state before the first step needs no gradient
    assert counter.get_total_flops() == costs.operations(3, 5) - first


def test_a_loop_makes_a_thousand_calls_and_the_layer_a_few() -> None:
    calls = {}
    for read in ("formulas", "inputs first", "layer"):
        calls[read] = costs.counted(costs.there_and_back(*costs.READS[read], torch.randn(3, costs.T, costs.D), 5))
    assert calls["formulas"].names.total() > calls["inputs first"].names.total() > 1000
    assert calls["layer"].names.total() < 50


def test_views_and_products_compute_no_other_numbers() -> None:
    a, b = torch.ones(2, 3), torch.ones(3, 4)
    assert costs.counted(lambda: a.T.detach()).numbers == 0
    assert costs.counted(lambda: a @ b).numbers == 0
    assert costs.counted(lambda: (a @ b).sigmoid()).numbers == 2 * 4
