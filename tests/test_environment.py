import os
import random
import subprocess
import sys
import warnings
from unittest import mock

import numpy as np
import pytest

from rnn_utils import setup
from rnn_utils.errors import SettingError
from tools.chapters import ROOT


@pytest.fixture(autouse=True)
def own_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RNN_UTILS_THREADS", "RNN_UTILS_DEVICE", "OMP_NUM_THREADS", "CUDA_VISIBLE_DEVICES"):
        monkeypatch.setenv(name, "1")  # so that what setup writes is undone
        monkeypatch.delenv(name)
    for framework in ("tensorflow", "torch", "matplotlib"):  # other tests may have begun to compute with them
        monkeypatch.setitem(sys.modules, framework, None)


def test_the_same_seed_gives_the_same_numbers() -> None:
    setup(3)
    first = random.random(), np.random.random()
    setup(3)
    assert (random.random(), np.random.random()) == first


def test_whole_numbers_of_numpy_are_seeds() -> None:
    chosen = setup(np.int64(3))
    assert (chosen.seed, type(chosen.seed)) == (3, int)


@pytest.mark.parametrize("seed", [-1, 2**32, 1.5, "3", True])
def test_a_seed_that_cannot_be_used_is_refused(seed: object) -> None:
    with pytest.raises(SettingError, match="expected a whole number from 0"):
        setup(seed)  # type: ignore[arg-type]


@pytest.mark.parametrize("threads", ["0", "two", ""])
def test_threads_that_cannot_be_used_are_refused(monkeypatch: pytest.MonkeyPatch, threads: str) -> None:
    monkeypatch.setenv("RNN_UTILS_THREADS", threads)
    with pytest.raises(SettingError, match="RNN_UTILS_THREADS"):
        setup(0)


def test_an_unknown_device_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_UTILS_DEVICE", "tpu")
    with pytest.raises(SettingError, match="expected one of auto, cpu, cuda, mps"):
        setup(0)


def test_cpu_hides_the_gpus_before_a_framework_starts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RNN_UTILS_DEVICE", "cpu")
    assert setup(0).device == "cpu"
    assert os.environ["CUDA_VISIBLE_DEVICES"] == "-1"


def in_a_new_process(code: str, **environment: str) -> str:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("RNN_UTILS")}
    command = [sys.executable, "-c", code]
    result = subprocess.run(command, env={**clean, **environment}, capture_output=True, encoding="utf-8", timeout=120)
    assert result.returncode == 0, result.stderr
    return result.stdout


def test_the_package_needs_numpy_alone() -> None:
    blocked = ["matplotlib", "IPython", "pooch", "sklearn", "torch", "tensorflow", "keras", "jieba", "filelock", "tqdm"]
    code = f"import sys; sys.modules.update(dict.fromkeys({blocked!r}))\n"
    in_a_new_process(code + "import rnn_utils, rnn_utils.data.mnist, rnn_utils.page; print(rnn_utils.setup(1).device)")
    names = sorted(path.stem for path in (ROOT / "rnn_utils" / "cells").glob("[a-z]*.py"))
    in_a_new_process(code + "\n".join(f"import rnn_utils.cells.{name}" for name in names))


def test_products_of_numpy_get_the_threads_asked_for() -> None:
    pytest.importorskip("threadpoolctl")
    code = (
        "import numpy; from threadpoolctl import threadpool_info; from rnn_utils import setup\n"
        "setup(0); print({pool['num_threads'] for pool in threadpool_info()})"
    )
    for threads in ("1", "2"):
        many = {"OMP_NUM_THREADS": "3", "OPENBLAS_NUM_THREADS": "3"}
        assert in_a_new_process(code, RNN_UTILS_THREADS=threads, **many).strip() == f"{{{threads}}}"


@pytest.mark.torch
def test_a_framework_imported_after_setup_is_set_up_by_the_next() -> None:
    code = (
        "from rnn_utils import setup; setup(5); import torch; setup(5)\n"
        "print(torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())\n"
        "a = torch.rand(2); setup(5); print(bool((a == torch.rand(2)).all()))"
    )
    out = in_a_new_process(code, RNN_UTILS_DEVICE="cpu", RNN_UTILS_THREADS="2", OMP_NUM_THREADS="3")
    assert out.split() == ["2", "True", "True"]


@pytest.mark.torch
def test_torch_is_seeded_and_gets_one_thread() -> None:
    code = (
        "import torch; from rnn_utils import setup\n"
        "print(setup(5), torch.get_num_threads(), torch.are_deterministic_algorithms_enabled())\n"
        "a = torch.rand(2); setup(5); print(bool((a == torch.rand(2)).all()))"
    )
    out = in_a_new_process(code, RNN_UTILS_DEVICE="cpu")
    assert out.splitlines() == ["Setup(seed=5, threads=1, device='cpu') 1 True", "True"]


@pytest.mark.tensorflow
def test_tensorflow_is_seeded_and_gets_the_threads_asked_for() -> None:
    code = (
        "import tensorflow as tf; from rnn_utils import setup\n"
        "setup(5); a = tf.random.uniform([2]); setup(5); print(bool(tf.reduce_all(a == tf.random.uniform([2]))))\n"
        "print(tf.config.threading.get_intra_op_parallelism_threads(), tf.config.get_visible_devices('GPU'))"
    )
    out = in_a_new_process(code, RNN_UTILS_DEVICE="cpu", RNN_UTILS_THREADS="2", TF_CPP_MIN_LOG_LEVEL="3")
    assert out.splitlines() == ["True", "2 []"]


def test_a_keras_that_computes_with_something_else_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    keras = mock.MagicMock()
    keras.config.backend.return_value = "torch"
    monkeypatch.setitem(sys.modules, "tensorflow", mock.MagicMock())
    monkeypatch.setitem(sys.modules, "keras", keras)
    with pytest.raises(SettingError, match=r"Keras computes with 'torch'; .* Unset KERAS_BACKEND and restart"):
        setup(0)


@pytest.mark.tensorflow
def test_setup_after_the_first_tensor_says_to_restart() -> None:
    code = (
        "import tensorflow as tf; from rnn_utils import setup, expect_error\n"
        "from rnn_utils.errors import SettingError\n"
        "tf.constant(1) + 1\n"
        "with expect_error(SettingError, 'Restart the kernel'): setup(5)"
    )
    out = in_a_new_process(code, RNN_UTILS_DEVICE="cpu", RNN_UTILS_THREADS="2", TF_CPP_MIN_LOG_LEVEL="3")
    assert "cannot become 2" in out


@pytest.mark.tensorflow
@pytest.mark.torch
def test_a_torch_optimizer_does_not_end_a_process_that_loaded_tensorflow_first() -> None:
    code = (
        "import sys, tensorflow, torch; from rnn_utils import setup\n"
        "setup(0); torch.optim.Adam([torch.nn.Parameter(torch.ones(1))])\n"
        "print('triton:', sys.modules['triton'])"
    )
    assert in_a_new_process(code, RNN_UTILS_DEVICE="cpu", TF_CPP_MIN_LOG_LEVEL="3").strip() == "triton: None"


@pytest.mark.parametrize("device", ["auto", "cpu"])
def test_a_driver_that_does_not_answer_warns_nobody(monkeypatch: pytest.MonkeyPatch, device: str) -> None:
    says = ["CUDA initialization: Unexpected error from cudaGetDeviceCount(). Error 302: Error loading CUDA libraries."]
    torch = mock.MagicMock()
    torch.cuda.is_available.side_effect = lambda: warnings.warn(says.pop(), UserWarning, stacklevel=2)
    torch.backends.mps.is_available.return_value = False
    monkeypatch.setitem(sys.modules, "torch", torch)
    monkeypatch.setenv("RNN_UTILS_DEVICE", device)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert setup(0).device == "cpu"
        assert says == []  # asked, so that no backward pass asks first
        says.append("another warning")
        with pytest.raises(UserWarning, match="another"):
            setup(0)


def pretended_torch(monkeypatch: pytest.MonkeyPatch, *, cuda: bool, mps: bool) -> None:
    torch = mock.MagicMock()
    torch.cuda.is_available.return_value = cuda
    torch.backends.mps.is_available.return_value = mps
    monkeypatch.setitem(sys.modules, "torch", torch)


@pytest.mark.parametrize(
    ("cuda", "mps", "expected"), [(True, True, "cuda"), (False, True, "mps"), (False, False, "cpu")]
)
def test_auto_takes_cuda_before_mps_before_cpu(
    monkeypatch: pytest.MonkeyPatch, cuda: bool, mps: bool, expected: str
) -> None:
    pretended_torch(monkeypatch, cuda=cuda, mps=mps)
    assert setup(0).device == expected


def test_a_device_that_is_not_there_is_an_error(monkeypatch: pytest.MonkeyPatch) -> None:
    pretended_torch(monkeypatch, cuda=False, mps=True)
    monkeypatch.setenv("RNN_UTILS_DEVICE", "cuda")
    with pytest.raises(SettingError, match="RNN_UTILS_DEVICE is 'cuda' but the frameworks found only 'cpu'"):
        setup(0)
