"""The net of chapter 31 that writes, cut up: each worker holds a part of each weight, and of what AdamW knows of it.

    torchrun --standalone --nproc-per-node 2 letters_sharded.py

FSDP2's `fully_shard` puts a layer's weights together just before they are used, and adds the gradients' parts up where
the weights' parts are.
"""

import argparse

import torch
import torch.distributed as dist
from letters import batches, own_rows, positive
from torch import Tensor
from torch.distributed.device_mesh import init_device_mesh
from torch.distributed.fsdp import fully_shard
from torch.distributed.tensor import DTensor
from torch.nn import functional

from rnn_utils.chapters.ch31_letters import running_text
from rnn_utils.nets.writer import Writer, numbered


def held(tensors: list[Tensor]) -> int:
    """Return the bytes of tensors that this worker holds."""
    own = (tensor.to_local() if isinstance(tensor, DTensor) else tensor for tensor in tensors)
    return sum(tensor.nbytes for tensor in own)


def main() -> None:
    """Train for a few steps, and let each worker say what it holds."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=positive, default=10, help="steps of AdamW (10)")
    parser.add_argument("--rows", type=positive, default=32, help="rows that each worker reads at once (32)")
    parser.add_argument("--rate", type=float, default=0.001, help="learning rate (0.001)")
    parser.add_argument("--seed", type=int, default=42, help="of the first weights (42)")
    parser.add_argument("--save", help="file for the whole weights, put together again")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    torch.manual_seed(asked.seed)  # all begin with the same weights
    dist.init_process_group("gloo")
    worker, workers = dist.get_rank(), dist.get_world_size()
    text = running_text("en", "train")
    alphabet = sorted(set(text))
    net = Writer(len(alphabet))
    whole = held(list(net.parameters()))
    mesh = init_device_mesh("cpu", (workers,))
    for layer in net.children():
        fully_shard(layer, mesh=mesh)
    fully_shard(net, mesh=mesh)
    optimizer = torch.optim.AdamW(net.parameters(), lr=asked.rate)
    own, state = own_rows(numbered(text, alphabet), asked.rows, worker, workers), None
    for _, (x, y) in zip(range(asked.steps), batches(own), strict=False):
        scores, (h, c) = net(x, state)
        state = h.detach(), c.detach()
        optimizer.zero_grad()
        functional.cross_entropy(scores.flatten(0, 1), y.flatten()).backward()
        optimizer.step()
    moments = [each for known in optimizer.state.values() for name, each in known.items() if name != "step"]
    print(
        f"worker {worker} of {workers} holds {held(list(net.parameters())):,} of {whole:,} bytes of weights, "
        f"and {held(moments):,} of {2 * whole:,} of AdamW's moments",
        flush=True,
    )
    weights = {name: weight.full_tensor() for name, weight in net.state_dict().items()}  # all take part
    if asked.save and worker == 0:
        torch.save(weights, asked.save)
    dist.destroy_process_group()


if __name__ == "__main__":
    main()
