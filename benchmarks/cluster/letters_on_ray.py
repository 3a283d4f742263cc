"""The net of `letters.py` on a Ray cluster, which starts the workers, and starts them anew when one is lost.

    python letters_on_ray.py --out run --workers 2          on this machine, or on the cluster that it belongs to
    kubectl apply -f letters_on_ray.yaml                    on Kubernetes, by KubeRay

After each pass over the text a checkpoint is written; the workers go on from the last one.
"""

from pathlib import Path
from typing import Any

import ray
from letters import asked_for, train
from ray.train import CheckpointConfig, FailureConfig, RunConfig, ScalingConfig, get_checkpoint
from ray.train.lightning import RayDDPStrategy, RayLightningEnvironment, RayTrainReportCallback
from ray.train.torch import TorchConfig, TorchTrainer


def work(config: dict[str, Any]) -> None:
    """Do the part of one worker."""
    lightning = {
        "devices": "auto",
        "strategy": RayDDPStrategy(),
        "plugins": [RayLightningEnvironment()],
        "callbacks": [RayTrainReportCallback()],
        "enable_checkpointing": False,  # the callback does
    }
    if saved := get_checkpoint():
        with saved.as_directory() as folder:
            train(config["asked"], f"{folder}/{RayTrainReportCallback.CHECKPOINT_NAME}", **lightning)
    else:
        train(config["asked"], None, **lightning)


def main() -> None:
    """Train as the command line says."""
    asked = asked_for(__doc__)
    # Workers find `letters` in this folder alone, wherever they run and whatever stands where we were started.
    ray.init(runtime_env={"working_dir": str(Path(__file__).resolve().parent)})
    TorchTrainer(
        work,
        train_loop_config={"asked": asked},
        torch_config=TorchConfig(backend="gloo", timeout_s=int(asked.timeout)),
        scaling_config=ScalingConfig(num_workers=asked.workers),
        run_config=RunConfig(
            name=asked.out.name,
            storage_path=str(asked.out.resolve().parent),
            failure_config=FailureConfig(max_failures=3),
            checkpoint_config=CheckpointConfig(num_to_keep=2),
        ),
    ).fit()


if __name__ == "__main__":
    main()
