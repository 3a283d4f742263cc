"""The net of chapter 31 that writes, trained by Lightning: by one process, by two, or by many machines.

    python letters.py --out run                                                one process
    python letters.py --out run --workers 2                                    two, started by Lightning
    TORCH_DISABLE_SHARE_RDZV_TCP_STORE=1 \\
    torchrun --standalone --nproc-per-node 2 --max-restarts 3 letters.py --out run
                                                                               two, started anew when one is lost
    sbatch letters.slurm                                                       on machines under Slurm

Each of them goes on from the last checkpoint in its folder; one is written after each pass over the text.
Without the variable, torchrun keeps the address of the lost worker, and those that it starts anew may wait there
(PyTorch issue 135712).
"""

import argparse
import os
import re
import sys
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytorch_lightning as pl
import torch
from pytorch_lightning.callbacks import ModelCheckpoint
from pytorch_lightning.strategies import DDPStrategy
from torch import Tensor
from torch.nn import functional
from torch.utils.data import DataLoader

from rnn_utils.chapters.ch31_letters import Writer, net_chances, numbered, price, running_text

T = 64  # letters of a row between two steps
# What gloo says of a worker that is gone, or that does not answer in time.
LOST = re.compile(r"gloo|timeout|timed out|connection (closed|reset|refused)", re.IGNORECASE)


class LetterNet(pl.LightningModule):
    """A net that guesses the next letter, and begins a mini-batch with the state that the last one left."""

    def __init__(self, V: int, rate: float):
        super().__init__()
        self.net, self.rate = Writer(V), rate

    def on_train_epoch_start(self) -> None:
        """Forget: a pass begins at another place of the text."""
        self.state = None

    def training_step(self, batch: tuple[Tensor, Tensor]) -> Tensor:
        """Return the loss of rows of letters, both (rows, T): what is read, and what comes next."""
        x, y = batch
        scores, (h, c) = self.net(x, self.state)
        self.state = h.detach(), c.detach()
        return functional.cross_entropy(scores.flatten(0, 1), y.flatten())

    def configure_optimizers(self) -> dict[str, Any]:
        """Return AdamW, and a rate that rises for a seventh of the steps and falls again."""
        optimizer = torch.optim.AdamW(self.parameters(), lr=self.rate)
        steps = int(self.trainer.estimated_stepping_batches)
        schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, self.rate, steps, pct_start=0.15)
        return {"optimizer": optimizer, "lr_scheduler": {"scheduler": schedule, "interval": "step"}}

    def on_load_checkpoint(self, checkpoint: dict[str, Any]) -> None:
        """Go on only with what was begun: the rate was planned for so many steps."""
        planned, steps = checkpoint["lr_schedulers"][0]["total_steps"], int(self.trainer.estimated_stepping_batches)
        if planned != steps:
            sys.exit(
                f"letters: the checkpoint was planned for {planned} steps, and {steps} were asked for. Give the same "
                "--passes, --rows and number of workers as before, or another --out to begin anew."
            )


class Letters(pl.LightningDataModule):
    """A text of which every worker reads a part of its own, in many rows at once, from another start in each pass."""

    def __init__(self, x: Tensor, rows: int, seed: int):
        super().__init__()
        self.x, self.rows, self.seed = x, rows, seed

    def train_dataloader(self) -> DataLoader:
        """Return one pass for the worker that asks."""
        trainer = self.trainer
        start = int(np.random.default_rng([self.seed, trainer.current_epoch]).integers(len(self.x)))
        own = own_rows(self.x.roll(start), self.rows, trainer.global_rank, trainer.world_size)
        return DataLoader(list(batches(own)), batch_size=None)


def own_rows(x: Tensor, rows: int, worker: int, workers: int) -> Tensor:
    """Return the rows of one worker; together, the workers have all of the text but what is left at its end."""
    letters = len(x) // (workers * rows)  # in a row
    if letters < 2:
        sys.exit(
            f"letters: got {len(x)} letters for {workers} workers with {rows} rows each; expected at least two letters "
            "in a row. Ask for fewer --rows, or more --letters."
        )
    return x[: workers * rows * letters].view(workers, rows, letters)[worker]


def batches(rows: Tensor) -> Iterator[tuple[Tensor, Tensor]]:
    """Cut rows into mini-batches of up to T letters a row, beside the letters that follow."""
    for at in range(0, rows.shape[1] - 1, T):
        here = rows[:, at : at + T + 1]
        yield here[:, :-1], here[:, 1:]


def positive(text: str) -> int:
    """Read a whole number from 1 on."""
    if not text.isdecimal() or not int(text):
        raise argparse.ArgumentTypeError(f"got {text}; expected a whole number from 1 on")
    return int(text)


def asked_for(about: str) -> argparse.Namespace:
    """Read the command line of a program, which says this about itself."""
    parser = argparse.ArgumentParser(description=about, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for checkpoints, on a disk that all can see")
    parser.add_argument("--passes", type=positive, default=4, help="how often the text is read (4)")
    parser.add_argument("--letters", type=positive, help="read only the first ones of the text")
    parser.add_argument("--rows", type=positive, default=32, help="rows that each worker reads at once (32)")
    parser.add_argument("--rate", type=float, default=0.016, help="the highest learning rate (0.016)")
    parser.add_argument("--seed", type=int, default=42, help="of the first weights and of the starts (42)")
    parser.add_argument("--workers", type=positive, default=1, help="processes to start here (1)")
    parser.add_argument("--timeout", type=float, default=60, help="seconds to wait for another worker (60)")
    return parser.parse_args()


def train(asked: argparse.Namespace, ckpt_path: str | Path | None, **how: Any) -> None:
    """Train, and let the first worker say what a letter of new text costs."""
    torch.set_num_threads(1)
    pl.seed_everything(asked.seed, verbose=False)
    learned, chosen = (running_text("en", part)[: asked.letters] for part in ("train", "validation"))
    alphabet = sorted(set(learned))
    net = LetterNet(len(alphabet), asked.rate)
    trainer = pl.Trainer(
        max_epochs=asked.passes,
        gradient_clip_val=1.0,
        reload_dataloaders_every_n_epochs=1,  # each pass has its own start
        use_distributed_sampler=False,  # `own_rows` deals out
        accelerator="cpu",
        logger=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        **how,
    )
    try:
        trainer.fit(net, Letters(numbered(learned, alphabet), asked.rows, asked.seed), ckpt_path=ckpt_path)
    except RuntimeError as error:
        if not LOST.search(str(error)):
            raise
        sys.exit(
            f"letters: worker {trainer.global_rank} of {trainer.world_size} has lost another one; expected its answer "
            f"within {asked.timeout:g} s, got: {error}. Start again to go on from the last checkpoint in {asked.out}."
        )
    if trainer.is_global_zero:
        bits = price(net_chances(net.net, chosen, alphabet), chosen, learned).mean()
        print(f"{trainer.world_size} workers, {trainer.global_step} steps: {bits:.3f} bits a letter", flush=True)


def main() -> None:
    """Train as the command line says, or torchrun, or Slurm."""
    asked = asked_for(__doc__)
    here = int(os.environ.get("SLURM_NTASKS_PER_NODE", os.environ.get("LOCAL_WORLD_SIZE", asked.workers)))
    machines = int(os.environ.get("SLURM_NNODES", os.environ.get("GROUP_WORLD_SIZE", 1)))
    lightning = {"devices": here, "num_nodes": machines, "callbacks": [ModelCheckpoint(asked.out, save_last=True)]}
    if here * machines > 1:
        wait = timedelta(seconds=asked.timeout)
        lightning["strategy"] = DDPStrategy(process_group_backend="gloo", timeout=wait)
    train(asked, "last", **lightning)


if __name__ == "__main__":
    main()
