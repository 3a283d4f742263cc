"""The study of costs: what is asked of layers leaves their numbers alone where it should, and what answers agrees."""

from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
study = pytest.importorskip("benchmarks.lstm_costs")
pytestmark = pytest.mark.torch


@pytest.mark.parametrize("name", ["time-major", "packed, one length", "float64", "without oneDNN", "LSTMCell"])
def test_the_slower_layers_answer_as_the_layer_does(name: str) -> None:
    x, layer = torch.randn(4, study.T, study.D), study.LAYER(study.D, 5)
    make, run = study.ASKED[name]
    other = make(study.D, 5)
    for ours, theirs in zip(other.parameters(), layer.parameters(), strict=True):
        ours.data = theirs.data.to(ours.dtype)
    given = x.swapaxes(0, 1) if name == "time-major" else x
    assert torch.allclose(run(other, given).float(), study.by_layer(layer, x), atol=1e-6)


def test_every_run_is_named_once() -> None:
    named = [(table, *key.items()) for table, key in study.jobs()]
    assert len(named) == len(set(named)) and {table for table, *_ in named} == set(study.RUNS)


def test_a_reader_learns_and_answers_alike_as_onnx(tmp_path: Path) -> None:
    for package in ("onnx", "onnxscript", "onnxruntime"):
        pytest.importorskip(package)
    rng = np.random.default_rng(0)
    digits = rng.integers(0, 10, 512)
    images = np.zeros((512, study.T, study.D), np.uint8)
    images[np.arange(512), -4:, digits] = 255  # a short stroke, as far to the right as the digit says
    net = study.taught(images, digits, rng, steps=60)
    answers = study.runners(net, tmp_path)
    x = images[:100].astype(np.float32) / 255
    logits = {name: answer(x) for name, (answer, _) in answers.items()}
    assert (logits["PyTorch"].argmax(axis=1) == digits[:100]).mean() > 0.9
    assert abs(logits["ONNX"] - logits["PyTorch"]).max() < 1e-5 * abs(logits["PyTorch"]).max()
    for name in logits:
        assert (logits[name].argmax(axis=1) == logits["PyTorch"].argmax(axis=1)).mean() > 0.9
    assert 3 * answers["ONNX, 8 bits"][1] < answers["ONNX"][1] < answers["ONNX, 8 bits at once"][1] * 1.2
    assert 3 * answers["PyTorch, 8 bits"][1] < answers["PyTorch"][1]
