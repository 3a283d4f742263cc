import pytest

from rnn_utils import expect_error, glue, table
from rnn_utils.errors import BookError, SettingError


def test_table_in_a_terminal_is_aligned(capsys: pytest.CaptureFixture[str]) -> None:
    table(["cell", "gates"], [["LSTM", 3], ["a plain RNN", 0]])
    assert capsys.readouterr().out == "cell         gates\nLSTM         3\na plain RNN  0\n"


def test_table_takes_rows_that_can_be_read_once(capsys: pytest.CaptureFixture[str]) -> None:
    table(["n"], ([n] for n in range(2)))
    assert capsys.readouterr().out == "n\n0\n1\n"


def test_table_refuses_a_row_that_does_not_fit() -> None:
    with pytest.raises(SettingError, match="row 1 has 1 cells; expected 2"):
        table(["a", "b"], [[1, 2], [3]])


def test_table_refuses_languages_that_do_not_fit() -> None:
    with pytest.raises(SettingError, match="1 languages for 2 columns"):
        table(["a", "b"], [[1, 2]], languages=["ru"])


def test_expected_error_is_shown_by_type_and_first_line(capsys: pytest.CaptureFixture[str]) -> None:
    with expect_error(ValueError, "shape"):
        raise ValueError("bad shape\nmore")
    assert capsys.readouterr().out == "ValueError: bad shape\n"


def test_expected_error_without_a_message_is_shown_by_type(capsys: pytest.CaptureFixture[str]) -> None:
    with expect_error(ValueError, ""):
        raise ValueError
    assert capsys.readouterr().out == "ValueError\n"


def test_expected_error_that_does_not_come_is_a_failure() -> None:
    with pytest.raises(BookError, match="nothing was raised"), expect_error(ValueError, "shape"):
        pass


def test_another_message_is_not_taken_for_the_expected_one() -> None:
    with pytest.raises(BookError, match="expected ValueError with 'shape'"), expect_error(ValueError, "shape"):
        raise ValueError("something else")


def test_another_type_passes_through() -> None:
    with pytest.raises(KeyError), expect_error(ValueError, "shape"):
        raise KeyError("shape")


def test_glue_refuses_an_unformatted_value() -> None:
    with pytest.raises(SettingError, match="format it first"):
        glue("accuracy", 0.97)  # type: ignore[arg-type]
