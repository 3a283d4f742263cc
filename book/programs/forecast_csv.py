"""Forecast a series from a CSV file with dates: train a small net once, then use it in any new process.

    python forecast_csv.py train    data.csv --date month --value co2 --past 24 --horizon 12
    python forecast_csv.py forecast data.csv --out forecast.csv

Needs NumPy, pandas and PyTorch, and nothing else of the book *Recurrent networks, run and checked*,
whose chapter on forecasting explains each step.
"""

import argparse
import sys
from copy import deepcopy
from itertools import pairwise
from pathlib import Path

import numpy as np
import pandas as pd
import torch
from torch import nn

SHARE = 0.8  # of the errors on the validation part that an interval holds


def read_series(path, date, value, fill=0):
    """Read a CSV file into a series with even dates, or say what is wrong with it."""
    table = pd.read_csv(path)
    for column in (date, value):
        if column not in table:
            stop(f"a column {column!r} in {path}", f"columns {', '.join(table)}", "name the right one: --date, --value")
    dates = pd.to_datetime(table[date].astype(str), errors="coerce", format="ISO8601")
    numbers = pd.to_numeric(table[value], errors="coerce")
    for column, read, kind in ((date, dates, "a date such as 2024-01-31"), (value, numbers, "a number, or nothing")):
        broken = read.isna() & (table[column].notna() if column == value else True)
        if broken.any():
            row = int(broken.argmax())
            stop(f"{kind} in column {column!r}", f"{table[column][row]!r} in line {row + 2}", "mend that line")
    series = pd.Series(numbers.to_numpy(float), pd.DatetimeIndex(dates))
    check_dates(series.index)
    return fill_gaps(put_on_grid(series), fill)


def check_dates(dates):
    """Refuse dates that stand there twice, or that run backwards."""
    if len(dates) < 3:
        stop("at least three lines of data", f"{len(dates)}", "give a longer file")
    if (twice := dates.duplicated()).any():
        stop("every date once", f"{day(dates[twice][0])} twice", "keep one of its lines, or their mean")
    if (back := np.diff(dates) < pd.Timedelta(0)).any():
        place = int(back.argmax())
        stop("dates in order", f"{day(dates[place + 1])} after {day(dates[place])}", "sort the lines by date")


def put_on_grid(series):
    """Return the series with a line for each date that should be there; values of new lines are missing."""
    step = usual_step(series.index)
    grid = [series.index[0]]
    while grid[-1] < series.index[-1]:
        grid.append(series.index[0] + len(grid) * step)
    grid = pd.DatetimeIndex(grid)
    if (off := ~series.index.isin(grid)).any():
        stop(
            f"a date every {name_of(step)}", f"{day(series.index[off][0])} between two of them",
            "bring the file to an even rhythm first, with pandas for example: series.resample('MS').mean()",
        )  # fmt: skip
    return series.reindex(grid)


def fill_gaps(series, fill):
    """Fill gaps of at most so many values along straight lines; refuse longer ones."""
    missing = series.isna().to_numpy()
    edges = np.flatnonzero(np.diff(np.concatenate([[False], missing, [False]]).astype(int)))
    gaps = edges.reshape(-1, 2)  # from, and up to
    if missing[0] or missing[-1]:
        stop("a value at both ends", "a gap there", "leave these lines out")
    if len(gaps) and (longest := np.diff(gaps).max()) > fill:
        first = gaps[np.diff(gaps).argmax(), 0]
        stop(
            f"no gap of more than {fill} values", f"{longest} missing from {day(series.index[first])} on",
            f"put the values in, or allow straight lines of this length: --fill {longest}",
        )  # fmt: skip
    return series.interpolate()


def usual_step(dates):
    """Return the step between neighbouring dates: months and years as such, all else as a span of time."""
    days = pd.Series(dates).diff().quantile(0.5, interpolation="lower") / pd.Timedelta(days=1)
    for least, most, months in ((28, 31, 1), (89, 92, 3), (365, 366, 12)):
        if least <= days <= most:
            return pd.DateOffset(months=months)
    return pd.Timedelta(days=days)


def name_of(step):
    """Return a step in words."""
    return f"{step.months} months" if isinstance(step, pd.DateOffset) else str(step)


def day(date):
    """Return a date without a time of day where that is midnight."""
    return str(date.date() if date == date.normalize() else date)


class ForecastError(ValueError):
    """The file or the request cannot be used."""


def stop(expected, came, remedy):
    """Raise an error that says what was expected, what came, and what to do."""
    raise ForecastError(f"expected {expected}; came {came}. What to do: {remedy}.")


class Net(nn.Module):
    """Reads a past, (N, T), in the units of the file, and names the next values, (N, K), in the same units."""

    def __init__(self, horizon, units=16):
        super().__init__()
        self.cell = nn.LSTM(1, units, batch_first=True)
        self.out = nn.Linear(units, horizon)
        self.register_buffer("width", torch.ones(()))

    def forward(self, past):
        """Read the past relative to its last value, and name the changes from there."""
        now = past[:, -1:]
        h, _ = self.cell(((past - now) / self.width)[:, :, None])
        return now + self.width * self.out(h[:, -1])


def windows(values, past, horizon, first, last):
    """Cut all windows whose future lies in places first to last."""
    start = np.arange(max(first, past), last - horizon + 1)
    parts = (values[start[:, None] + np.arange(*ends)] for ends in ((-past, 0), (0, horizon)))
    return [torch.as_tensor(part, dtype=torch.float32) for part in parts]


def fit(net, past, future, valid, rng, steps=100, patience=3, rounds=12):
    """Train in rounds until the validation part stops improving; go back to the best round."""
    net.width.copy_((past - past[:, -1:]).std())
    errors, best = [np.inf], None
    while len(errors) <= rounds and np.argmin(errors) >= len(errors) - patience:
        adam = torch.optim.Adam(net.parameters(), lr=0.01)
        fall = torch.optim.lr_scheduler.CosineAnnealingLR(adam, steps)
        for _ in range(steps):
            rows = torch.from_numpy(rng.integers(len(past), size=64))
            loss = ((net(past[rows]) - future[rows]) / net.width).square().mean()
            adam.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(net.parameters(), 1.0)
            adam.step()
            fall.step()
        errors.append(error_of(net(valid[0]), valid[1]))
        if errors[-1] == min(errors):
            best = deepcopy(net.state_dict())
    net.load_state_dict(best)


def fit_rule(past, future, ridge=0.001):
    """Find a linear rule for the changes from the last value, by least squares; return it as a function."""

    def read(past):
        since = (past - past[:, -1:]).double()
        return torch.cat([since, torch.ones_like(since[:, :1])], dim=1)

    A, changes = read(past), (future - past[:, -1:]).double()
    held = ridge * (A**2).mean() * len(A) * torch.eye(A.shape[1], dtype=A.dtype)  # keeps the weights small
    weights = torch.linalg.solve(A.T @ A + held, A.T @ changes)
    return lambda past: past[:, -1:] + read(past) @ weights


def error_of(forecast, truth):
    """Return the mean absolute error."""
    return float((forecast - truth).abs().mean().detach())


def train(series, past, horizon, season, seed=0):
    """Train a net and its intervals; return what a later process needs, and the errors on the test part."""
    values, count = series.to_numpy(float), len(series)
    ends = [0, int(0.7 * count), int(0.85 * count), count]
    if ends[1] - past < 2 * horizon or ends[2] - ends[1] < 2 * horizon or past < 2 * season:
        stop(
            "a past of two seasons, and a file of some twenty horizons",
            f"past {past}, season {season}, horizon {horizon}, {count} values",
            "give a longer file, or a shorter --past, --season, --horizon",
        )
    known, valid, test = (windows(values, past, horizon, *pair) for pair in pairwise(ends))
    torch.manual_seed(seed)
    net = Net(horizon)
    fit(net, *known, valid, np.random.default_rng(seed))
    with torch.no_grad():
        off = torch.quantile((net(valid[0]) - valid[1]).abs(), SHARE, dim=0)
        said, truth = net(test[0]), test[1]
    later = np.arange(horizon) % season - season
    report = {
        "net": error_of(said, truth),
        "linear rule": error_of(fit_rule(*known)(test[0]), truth),
        "last season": error_of(test[0][:, later], truth),
        "last value": error_of(test[0][:, -1:], truth),
        "inside": float(((said - truth).abs() <= off).float().mean()),
    }
    kept = {"weights": net.state_dict(), "off": off, "past": past, "horizon": horizon}
    return kept, report


def forecast(kept, series):
    """Return the forecast behind the last date of a series, with its interval."""
    past, step = kept["past"], usual_step(series.index)
    if len(series) < past:
        stop(f"at least {past} values, as many as the net reads", f"{len(series)}", "give a longer file")
    net = Net(kept["horizon"])
    net.load_state_dict(kept["weights"])
    with torch.no_grad():
        said = net(torch.tensor(series.to_numpy()[None, -past:], dtype=torch.float32))[0]
    dates = [series.index[-1] + (k + 1) * step for k in range(kept["horizon"])]
    columns = {"low": said - kept["off"], "forecast": said, "high": said + kept["off"]}
    return pd.DataFrame({name: column.numpy() for name, column in columns.items()}, pd.DatetimeIndex(dates))


def main(arguments=None):
    """Train and save, or load and forecast."""
    parser = argparse.ArgumentParser(description="Forecast a series from a CSV file with dates.")
    parser.add_argument("do", choices=["train", "forecast"])
    parser.add_argument("csv")
    parser.add_argument("--model", default="model.pt", help="where the trained net is kept")
    parser.add_argument("--date", default="date", help="name of the column with the dates")
    parser.add_argument("--value", default="value", help="name of the column with the numbers")
    parser.add_argument("--past", type=int, default=24, help="values that the net reads")
    parser.add_argument("--horizon", type=int, default=12, help="values that it names")
    parser.add_argument("--season", type=int, default=12, help="values after which the series comes round")
    parser.add_argument("--fill", type=int, default=0, help="longest gap to be filled along a straight line")
    parser.add_argument("--out", default="forecast.csv", help="where the forecast goes")
    asked = parser.parse_args(arguments)
    torch.set_num_threads(1)  # for a net this small, more are slower
    try:
        if asked.do == "train":
            series = read_series(asked.csv, asked.date, asked.value, asked.fill)
            kept, report = train(series, asked.past, asked.horizon, asked.season)
            columns = {"date": asked.date, "value": asked.value, "step": name_of(usual_step(series.index))}
            torch.save(kept | columns, asked.model)
            sys.stdout.write(in_words(report))
        else:
            if not Path(asked.model).is_file():
                stop(f"a trained net in {asked.model}", "no such file", "train one first, or name it: --model")
            kept = torch.load(asked.model, weights_only=True)
            series = read_series(asked.csv, kept["date"], kept["value"], asked.fill)
            if (step := name_of(usual_step(series.index))) != kept["step"]:
                stop(f"a date every {kept['step']}, as in training", step, "give a file of that rhythm, or train anew")
            forecast(kept, series).round(3).to_csv(asked.out, index_label=kept["date"])
    except (ForecastError, OSError, pd.errors.EmptyDataError, pd.errors.ParserError) as error:
        sys.exit(f"forecast_csv: {error}")


def in_words(report):
    """Return the errors on the test part, and whether the net is worth its trouble."""
    lines = ["mean absolute error on the last 15 % of the file, which training has not seen:"]
    rivals = ("linear rule", "last season", "last value")
    lines += [f"  {name:12} {report[name]:.3g}" for name in ("net", *rivals)]
    lines += [f"the intervals promise {SHARE:.0%} and hold {report['inside']:.0%}"]
    if report["net"] > min(report[name] for name in rivals):
        lines += ["a baseline does better: use that, and not this net"]
    return "\n".join(lines) + "\n"


if __name__ == "__main__":
    main()
