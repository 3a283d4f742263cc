"""Recurrent cells in NumPy alone: one step forward beside the same step backward; see `rnn_utils.cells.kinds`."""

from rnn_utils.cells.gru import (
    GRUBeforeGradients,
    GRUBeforeWeights,
    GRUGradients,
    GRUWeights,
    gru_before_step,
    gru_before_step_backward,
    gru_step,
    gru_step_backward,
)
from rnn_utils.cells.kinds import CELLS, Weights, cell_of, random_weights, zero_state
from rnn_utils.cells.lstm import LSTMGradients, LSTMState, LSTMWeights, lstm_step, lstm_step_backward
from rnn_utils.cells.parts import Cell, sigmoid
from rnn_utils.cells.rnn import RNNGradients, RNNWeights, rnn_step, rnn_step_backward

__all__ = [
    "CELLS",
    "Cell",
    "GRUBeforeGradients",
    "GRUBeforeWeights",
    "GRUGradients",
    "GRUWeights",
    "LSTMGradients",
    "LSTMState",
    "LSTMWeights",
    "RNNGradients",
    "RNNWeights",
    "Weights",
    "cell_of",
    "gru_before_step",
    "gru_before_step_backward",
    "gru_step",
    "gru_step_backward",
    "lstm_step",
    "lstm_step_backward",
    "random_weights",
    "rnn_step",
    "rnn_step_backward",
    "sigmoid",
    "zero_state",
]
