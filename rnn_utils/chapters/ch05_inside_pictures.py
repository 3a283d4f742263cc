"""Drawings of three switches, of places where a state rests, and of nets that count."""

from collections.abc import Mapping, Sequence
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

from rnn_utils.cells.checks import Array
from rnn_utils.drawing import BACK, COLOURS, FAINT, INK, INPUT, STATE, tint

LOOKS = (  # by directions in which a place is unstable: colour, size, words
    (STATE, 190, "corner"),
    (BACK, 80, "edge"),
    (COLOURS["green"], 60, "face"),
    (INK, 60, "centre"),
)


def draw_switch_task(x: Array, y: Array) -> Sequence[Axes]:
    """Draw pulses for three switches, x of shape (T, 3), and how each switch then stands, y."""
    steps = np.arange(len(x))
    _, axes = plt.subplots(3, 1, figsize=(6.4, 4.6), sharex=True)
    for number, ax in enumerate(axes):
        ax.step(steps, y[:, number], where="post", color=STATE, linewidth=3, label="how the switch stands")
        ax.vlines(steps, 0, x[:, number], color=INPUT, linewidth=4)
        set_at = steps[x[:, number] != 0]
        ax.plot(set_at, x[set_at, number], "o", color=INPUT, markersize=9, label="pulse")
        ax.axhline(0, color=FAINT, linewidth=1, zorder=0)
        ax.set(ylim=(-1.45, 1.45), yticks=[-1, 1], yticklabels=["off", "on"])
        ax.tick_params(labelsize=15)
        ax.grid(visible=False)
    axes[-1].set_xlabel("step", size=15)
    axes[-1].legend(ncols=2, loc="upper center", bbox_to_anchor=(0.45, -0.75), fontsize=15, borderaxespad=0)
    return list(axes)


def draw_curve(w: float, starts: Sequence[float], rests: Sequence[float]) -> Axes:
    """Draw one unit's step h → tanh(w h), where it leaves h alone, and the walks from some starts."""
    _, ax = plt.subplots(figsize=(6.4, 5.2))
    h = np.linspace(-1.15, 1.15, 200)
    ax.plot(h, h, color=FAINT, linewidth=2)
    ax.plot(h, np.tanh(w * h), color=STATE, linewidth=3)
    for start in starts:
        walk = [start]
        for _ in range(8):
            walk.append(np.tanh(w * walk[-1]))
        corners = [(start, start), *(place for old, new in pairwise(walk) for place in ((old, new), (new, new)))]
        ax.plot(*zip(*corners, strict=True), color=COLOURS["purple"], linewidth=1.5)
        ax.plot(start, start, "s", color=COLOURS["purple"], markersize=8)
    for rest in rests:
        stable = w * (1 - rest**2) < 1
        ax.plot(rest, rest, "o", markersize=15, mfc=STATE if stable else "white", mec=STATE if stable else BACK, mew=3)
    ax.text(0.32, 0.85, r"$\tanh(2h)$", size=17, color=STATE, ha="right")
    ax.text(-0.62, -0.52, "$h$", size=17, color=COLOURS["grey"], ha="right")
    ax.set(xlim=(-1.15, 1.15), ylim=(-1.15, 1.15), aspect="equal")
    ax.set_xlabel("state before the step", size=15)
    ax.set_ylabel("state after it", size=15)
    return ax


def draw_cube(points: Array, undecided: Sequence[int], codes: Array, visited: Array) -> Sequence[Axes]:
    """Draw places of rest in three directions, from four sides: large, and three times turned on.

    Parameters
    ----------
    points, visited : ndarrays, shape (K, 3) and (M, 3)
        The places, and states of the net at work.
    undecided : ints, K of them
        In how many directions each place is unstable.
    codes : ndarray, shape (K, 3)
        -1, 0 or 1 for each switch.
    """
    figure = plt.figure(figsize=(6.4, 7.6))
    grid = figure.add_gridspec(2, 3, height_ratios=(2.2, 1))
    panels = [figure.add_subplot(grid[0, :]), *(figure.add_subplot(grid[1, column]) for column in range(3))]
    for ax, angle in zip(panels, (28, 8, 48, 68), strict=True):
        small = ax is not panels[0]
        seen, depth = turned(points, angle)
        if not small:
            cloud, _ = turned(visited, angle)
            ax.plot(*cloud.T, ".", color=tint(STATE, 0.35), markersize=3, zorder=0)
        for one, other in neighbours(codes):
            near, rim = (depth[one] + depth[other]) / 2, min(undecided[one], undecided[other]) == 0
            strength, width = (0.35 + 0.45 * near, 1.2 + 1.6 * near) if rim else (0.16 + 0.16 * near, 1)
            ax.plot(*seen[[one, other]].T, color=tint(INK, strength), linewidth=width, zorder=1 + near)
        for row in np.argsort(depth):
            colour, size, _ = LOOKS[undecided[row]]
            area = size * (0.6 + 0.5 * depth[row]) * (0.25 if small else 1)
            ax.scatter(
                seen[row, 0], seen[row, 1], s=area, color=colour, edgecolor="white", linewidth=1, zorder=3 + depth[row]
            )
        ax.set(aspect="equal")
        ax.axis("off")
    for colour, size, word in LOOKS:
        panels[0].plot([], [], "o", color=colour, markersize=size**0.5, label=word)
    panels[0].legend(loc="upper left", bbox_to_anchor=(-0.22, 1.02), fontsize=14, handletextpad=0.2, labelspacing=0.4)
    return panels


def turned(points: Array, angle: float, tilt: float = 22) -> tuple[Array, Array]:
    """Turn points, (K, 3), about the upright axis, tilt them, and return their shadow and how near each is, 0 to 1."""
    around, up = np.radians([angle, tilt])
    x = points[:, 0] * np.cos(around) - points[:, 1] * np.sin(around)
    back = points[:, 0] * np.sin(around) + points[:, 1] * np.cos(around)
    y = points[:, 2] * np.cos(up) + back * np.sin(up)
    depth = points[:, 2] * np.sin(up) - back * np.cos(up)
    return np.column_stack([x, y]), (depth - depth.min()) / np.ptp(depth)


def neighbours(codes: Array) -> list[tuple[int, int]]:
    """Return the pairs of places whose codes differ in one switch, by one."""
    pairs = [(one, other) for one in range(len(codes)) for other in range(one)]
    return [(one, other) for one, other in pairs if np.abs(codes[one] - codes[other]).sum() == 1]


def draw_pushes(answers: Mapping[float, Array], threshold: float) -> Axes:
    """Draw a switch's answer after one pulse of each strength, in a thicker line for a stronger pulse."""
    _, ax = plt.subplots(figsize=(6.4, 3.8))
    for strength, answer in answers.items():
        colour = INK if strength == threshold else STATE if strength < threshold else BACK
        ax.plot(answer, color=colour, linewidth=1 + 3.5 * strength)
    ax.axhline(0, color=FAINT, linewidth=1, zorder=0)
    ax.set(yticks=[-1, 0, 1], yticklabels=["off", "", "on"])
    ax.tick_params(labelsize=15)
    ax.set_xlabel("steps after the pulse", size=15)
    return ax


def draw_count(held: Array, learned: int) -> Axes:
    """Draw what a unit holds at each step beside what it should hold; both in counts."""
    steps, turn = np.arange(len(held)), len(held) // 2
    _, ax = plt.subplots(figsize=(6.4, 4.0))
    ax.fill_between([0, 2 * learned], 0, learned, color=tint(INPUT, 0.16), linewidth=0)
    ax.text(2 * learned - 1, 1.5, "learned", size=14, color=INPUT, ha="right")
    ax.plot(steps, turn - np.abs(steps - turn), color=INK, linewidth=1.5, label="true count")
    ax.plot(steps, held, "o", color=COLOURS["purple"], markersize=4, label="the unit")
    ax.axhline(0, color=FAINT, linewidth=1, zorder=0)
    ax.set_xlabel("signs read", size=15)
    ax.set_ylabel("count", size=15)
    ax.legend(loc="lower center", bbox_to_anchor=(0.58, 0.08), fontsize=14)
    return ax


def draw_factors(lengths: Sequence[int], lowest: Sequence[float], highest: Sequence[float], learned: int) -> Axes:
    """Draw which factors on a count, at the turn, make the answers right, by length."""
    _, ax = plt.subplots(figsize=(6.4, 4.0))
    ax.axvspan(min(lengths), learned, color=tint(INPUT, 0.16), linewidth=0)
    ax.fill_between(lengths, lowest, highest, color=tint(STATE, 0.45), linewidth=0)
    ax.axhline(1, color=INK, linewidth=1.5)
    ax.text(max(lengths), 0.995, "the net as it is", size=14, color=INK, ha="right", va="top")
    ax.text(learned - 0.5, 0.915, "learned", size=14, color=INPUT, ha="right")
    ax.set_xlabel("$n$, times a, and then b", size=15)
    ax.set_ylabel("factor on the count", size=15)
    return ax
