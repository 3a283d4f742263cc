"""Checkpoints are whole or not there, the last two are kept, and a damaged one is noticed."""

import json
import os
import pickle
import warnings
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("safetensors")

from rnn_utils import checkpoints
from rnn_utils.checkpoints import Checkpoint, load, save
from rnn_utils.errors import DataError, SettingError

IS_ROOT = hasattr(os, "geteuid") and os.geteuid() == 0


def example(step: int) -> Checkpoint:
    arrays = {
        "w": np.arange(6, dtype=np.float32).reshape(2, 3) + step,
        "transposed": np.arange(6.0).reshape(2, 3).T,
        "count": np.array(step, dtype=np.int64),  # no axis
        "none": np.zeros((0, 3)),
        "mask": np.array([True, False]),
        "generator": np.array([255], dtype=np.uint8),
    }
    return Checkpoint(step, arrays, {"loss": [0.1 + 0.2, float("inf")], "big": 2**127, "name": "h_t"})


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_what_is_saved_comes_back_to_the_last_bit(tmp_path: Path) -> None:
    kept = example(7)
    path = save(tmp_path / "new" / "folder", kept)
    assert path.name == "step-00000007.safetensors"
    found = load(path.parent)
    assert (found.step, found.values) == (7, kept.values)
    assert found.arrays.keys() == kept.arrays.keys()
    for name, array in kept.arrays.items():
        assert (found.arrays[name].dtype, found.arrays[name].shape) == (array.dtype, array.shape)
        assert found.arrays[name].tobytes() == array.tobytes()


def test_nothing_is_found_where_nothing_is(tmp_path: Path) -> None:
    assert load(tmp_path) is None
    assert load(tmp_path / "missing") is None
    (tmp_path / "step-00000001.safetensors.part").write_bytes(b"half")
    (tmp_path / "step-one.safetensors").write_bytes(b"of somebody else")
    assert load(tmp_path) is None


def test_the_last_two_are_kept_and_nothing_half_written(tmp_path: Path) -> None:
    (tmp_path / "step-00000001.safetensors.part").write_bytes(b"half")
    (tmp_path / "notes.txt").write_text("the reader's own")
    for step in (2, 9, 10, 100_000_000):
        save(tmp_path, example(step))
    assert names(tmp_path) == ["notes.txt", "step-00000010.safetensors", "step-100000000.safetensors"]
    assert load(tmp_path).step == 100_000_000


def test_a_file_has_its_name_only_when_it_is_on_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, example(1))
    seen = []
    to_disk = os.fsync
    monkeypatch.setattr(os, "fsync", lambda file: (seen.append(names(tmp_path)), to_disk(file)))
    save(tmp_path, example(2))
    first, second = "step-00000001.safetensors", "step-00000002.safetensors"
    assert seen[0] == [first, f"{second}.part"]
    assert seen[1:] in ([], [[first, second]])


def test_a_stop_while_writing_leaves_what_was_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, example(1))

    def stop(file: int) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(os, "fsync", stop)
    for step in (1, 2):
        with pytest.raises(KeyboardInterrupt):
            save(tmp_path, example(step))
    assert load(tmp_path).step == 1


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-5])


def cut_in_the_head(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:20])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def change_a_number(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[-1] ^= 1
    path.write_bytes(content)


def change_a_value(path: Path) -> None:
    content = path.read_bytes()
    assert content.count(b"h_t") == 1
    path.write_bytes(content.replace(b"h_t", b"c_t"))


def take_another_step_for_it(path: Path) -> None:
    path.write_bytes((path.parent / "step-00000001.safetensors").read_bytes())


def lose_the_head(path: Path) -> None:
    from safetensors.numpy import save_file

    save_file({"w": np.zeros(2)}, path)


def pickled(path: Path) -> None:
    path.write_bytes(pickle.dumps({"w": 1}))


DAMAGES = [
    cut,
    cut_in_the_head,
    empty,
    change_a_number,
    change_a_value,
    take_another_step_for_it,
    lose_the_head,
    pickled,
]


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_newest_gives_way_to_the_one_before(damage, tmp_path: Path) -> None:
    save(tmp_path, example(1))
    damage(save(tmp_path, example(2)))
    with pytest.warns(UserWarning, match="step-00000002.safetensors .* step-00000001.safetensors, is whole"):
        assert load(tmp_path).step == 1
    save(tmp_path, example(2))
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert load(tmp_path).step == 2


@pytest.mark.parametrize("damage", [cut, change_a_number, pickled])
def test_two_damaged_ones_are_an_error(damage, tmp_path: Path) -> None:
    for step in (1, 2):
        damage(save(tmp_path, example(step)))
    with pytest.raises(DataError, match=r"no checkpoint in .* can be used.*Delete the folder to begin anew"):
        load(tmp_path)


def test_values_that_json_cannot_hold_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SettingError, match="plain numbers, texts and lists"):
        save(tmp_path, Checkpoint(1, {}, {"net": object()}))
    assert names(tmp_path) == []


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingError, match="cannot be written"):
        save(tmp_path / "file", example(1))


def test_a_full_disk_is_a_clear_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save(tmp_path, example(1))

    def full(file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(SettingError, match=r"No space left on device.*Make room"):
        save(tmp_path, example(2))
    assert load(tmp_path).step == 1


def test_a_file_can_be_read_without_this_package(tmp_path: Path) -> None:
    content = save(tmp_path, example(3)).read_bytes()
    head = json.loads(content[8 : 8 + int.from_bytes(content[:8], "little")])
    assert head["w"]["shape"] == [2, 3]
    assert json.loads(head["__metadata__"]["values"])["name"] == "h_t"


def test_no_module_that_runs_stored_code_is_used() -> None:
    source = Path(checkpoints.__file__).read_text(encoding="utf-8")
    assert not [word for word in ("pickle", "eval(", "exec(", "torch") if word in source]
