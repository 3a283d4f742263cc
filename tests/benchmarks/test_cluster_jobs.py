"""The job files of the letters: what Slurm and Kubernetes would refuse or drop in silence; tasks find each other."""

import copy
import json
import os
import re
import shlex
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from textwrap import dedent
from typing import Any

import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks" / "cluster"
SLURM = FOLDER / "letters.slurm"
RAY = FOLDER / "letters_on_ray.yaml"
SCHEMA = Path(__file__).parent / "data" / "ray.io_rayjobs.json"
KUBERNETES = "1.35"  # whose pods the schema knows

# All that sbatch's manual describes as options, in Slurm 22.05: https://slurm.schedmd.com/archive/slurm-22.05.8/sbatch.html
SBATCH = """
    account acctg-freq array batch bb bbf begin chdir cluster-constraint clusters comment constraint container
    contiguous core-spec cores-per-socket cpu-freq cpus-per-gpu cpus-per-task deadline delay-boot dependency
    distribution error exclude exclusive export export-file extra-node-info get-user-env gid gpu-bind gpu-freq gpus
    gpus-per-node gpus-per-socket gpus-per-task gres gres-flags help hint hold ignore-pbs input job-name
    kill-on-invalid-dep licenses mail-type mail-user mcs-label mem mem-bind mem-per-cpu mem-per-gpu mincpus network nice
    no-kill no-requeue nodefile nodelist nodes ntasks ntasks-per-core ntasks-per-gpu ntasks-per-node ntasks-per-socket
    open-mode output overcommit oversubscribe parsable partition power prefer priority profile propagate qos quiet
    reboot requeue reservation signal sockets-per-node spread-job switches test-only thread-spec threads-per-core time
    time-min tmp uid usage use-min-nodes verbose version wait wait-all-nodes wckey wrap
"""
FORMS = {  # what follows the option, where the script gives something
    "nodes": r"[1-9]\d*",
    "ntasks-per-node": r"[1-9]\d*",
    "mem-per-cpu": r"\d+[KMGT]?",
    "time": r"(\d+-)?\d\d:\d\d:\d\d",
    "open-mode": r"append|truncate",
    "signal": r"([RB]:)?([A-Z]+\d*|\d+)(@\d+)?",
    "job-name": r"\S+",
    "output": r"\S+",
    "requeue": "",
}


def options() -> dict[str, str]:
    """Return what the script asks of sbatch, which reads up to the first command."""
    head = re.split(r"^[^#\n]", SLURM.read_text(encoding="utf-8"), maxsplit=1, flags=re.MULTILINE)[0]
    assert head.count("#SBATCH") == SLURM.read_text(encoding="utf-8").count("#SBATCH")
    found = re.findall(r"^#SBATCH --([\w-]+)(?:=(\S+))?$", head, flags=re.MULTILINE)
    assert len(found) == head.count("#SBATCH")
    return dict(found)


def test_sbatch_knows_every_option() -> None:
    asked = options()
    assert asked.keys() <= set(SBATCH.split())
    for option, value in asked.items():
        assert re.fullmatch(FORMS[option], value), f"{option}={value}"


def test_bash_reads_the_script() -> None:
    assert not subprocess.run(["bash", "-n", SLURM], capture_output=True, text=True, check=True).stderr


def put(folder: Path, name: str, program: str) -> None:
    """Write a command of the shell."""
    (folder / name).write_text(f"#!/bin/sh\n{program}\n", encoding="utf-8")
    (folder / name).chmod(0o755)


@pytest.fixture
def machine(tmp_path: Path) -> dict[str, str]:
    """Return what sbatch sets for a job on one machine (seen with Slurm 22.05), and a folder of commands on PATH."""
    asked = options()
    here = asked["ntasks-per-node"]
    return os.environ | {
        "PATH": f"{tmp_path}:{os.environ['PATH']}",
        "SLURM_JOB_ID": str(os.getpid()),  # of which Lightning makes the port
        "SLURM_JOB_NAME": asked["job-name"],
        "SLURM_NODELIST": "localhost",
        "SLURM_NNODES": "1",
        "SLURM_NTASKS": here,
        "SLURM_NTASKS_PER_NODE": here,
    }


def test_a_job_that_fails_is_not_taken_for_done(machine: dict[str, str], tmp_path: Path) -> None:
    put(tmp_path, "srun", "exit 3")
    assert subprocess.run(["bash", SLURM], env=machine, check=False).returncode == 3


def test_a_job_whose_time_is_up_asks_to_begin_anew(machine: dict[str, str], tmp_path: Path) -> None:
    assert options()["signal"].startswith("B:USR1@")
    put(tmp_path, "srun", f"echo > {shlex.quote(str(tmp_path))}/started; sleep 60")
    put(tmp_path, "scontrol", f'echo "$@" > {shlex.quote(str(tmp_path))}/asked')
    with subprocess.Popen(["bash", SLURM], env=machine, start_new_session=True) as job:
        try:
            appears(tmp_path / "started")
            job.send_signal(signal.SIGUSR1)
            appears(tmp_path / "asked")
        finally:
            os.killpg(job.pid, signal.SIGKILL)
    assert (tmp_path / "asked").read_text(encoding="utf-8").split() == ["requeue", machine["SLURM_JOB_ID"]]


def appears(path: Path) -> None:
    """Wait until something is there, for half a minute."""
    for _ in range(300):
        if path.exists() and path.stat().st_size:
            return
        time.sleep(0.1)
    raise AssertionError(f"{path.name} was not written")


# As srun does: the same command for each task, which learns from its environment which one it is.
SRUN = """
    import os, subprocess, sys

    at = next(at for at, word in enumerate(sys.argv) if at and not word.startswith("-"))
    here = int(os.environ["SLURM_NTASKS_PER_NODE"])
    tasks = []
    for rank in range(here * int(os.environ["SLURM_NNODES"])):
        own = {"SLURM_PROCID": rank, "SLURM_LOCALID": rank % here, "SLURM_NODEID": rank // here}
        tasks.append(subprocess.Popen(sys.argv[at:], env=os.environ | {name: str(own[name]) for name in own}))
    sys.exit(max(task.wait() for task in tasks))
"""
# The script that is named, with the first page of the text alone.
PYTHON = """
    import runpy, sys
    from rnn_utils.chapters import ch31_letters as chapter

    whole = chapter.running_text
    chapter.running_text = lambda language, part: whole(language, part)[:5000]
    del sys.argv[0]
    runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.slow
@pytest.mark.torch
def test_tasks_of_a_job_train_together(machine: dict[str, str], tmp_path: Path) -> None:
    pytest.importorskip("pytorch_lightning")
    for name, program in (("srun", SRUN), ("python", PYTHON)):
        put(tmp_path, name, f'exec {shlex.join([sys.executable, "-c", dedent(program)])} "$@"')
    job = ["bash", str(SLURM), "--rows", "8", "--passes", "1", "--out", str(tmp_path / "run")]
    result = subprocess.run(job, cwd=FOLDER, env=machine, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr
    found = rf"^{machine['SLURM_NTASKS']} workers, (\d+) steps: [\d.]+ bits a letter$"
    (steps,) = re.findall(found, result.stdout, flags=re.MULTILINE)
    saved = {path.name for path in (tmp_path / "run").iterdir()}
    assert saved == {"last.ckpt", f"epoch=0-step={steps}.ckpt"}  # in the folder that was named last


def documents() -> dict[str, dict[str, Any]]:
    """Return what stands in the file for Kubernetes, by its kind."""
    yaml = pytest.importorskip("yaml")
    return {document["kind"]: document for document in yaml.safe_load_all(RAY.read_text(encoding="utf-8"))}


def strict(schema: Any) -> Any:
    """Return a schema that refuses the fields that it does not name, which Kubernetes drops without a word."""
    if isinstance(schema, list):
        return [strict(part) for part in schema]
    if not isinstance(schema, dict):
        return schema
    changed = {name: strict(part) for name, part in schema.items()}
    if isinstance(schema.get("properties"), dict) and not schema.get("x-kubernetes-preserve-unknown-fields"):
        changed.setdefault("additionalProperties", False)
    return changed


def problems(document: dict[str, Any]) -> list[str]:
    """Return what the schemas say against a document: KubeRay's of a RayJob, and of Kubernetes for all within it."""
    jsonschema, kubernetes = pytest.importorskip("jsonschema"), pytest.importorskip("kubernetes_validate")

    def by_kubernetes(part: dict[str, Any]) -> Iterator[Exception]:
        try:
            kubernetes.validate({"apiVersion": "v1", "kind": "Pod", **part}, KUBERNETES, strict=True)
        except kubernetes.ValidationError as error:
            yield error

    def unread(validator: Any, rules: Any, part: Any, schema: Any) -> Iterator[Exception]:
        yield jsonschema.ValidationError("has rules that are not JSON Schema, and not checked here")

    if document["kind"] == "RayJob":
        schema = json.loads(SCHEMA.read_text(encoding="utf-8"))["schema"]
        schema["properties"]["metadata"] = {"x-metadata": True}
        keywords = {
            "x-pod-template": lambda validator, mark, part, schema: by_kubernetes(part),
            "x-metadata": lambda validator, mark, part, schema: by_kubernetes({"kind": "ConfigMap", "metadata": part}),
            "x-kubernetes-validations": unread,
        }
        validator = jsonschema.validators.extend(jsonschema.Draft202012Validator, keywords)(strict(schema))
        errors = validator.iter_errors(document)
    else:
        errors = by_kubernetes(document)
    return [f"{error.json_path}: {error.message}" for error in errors]


@pytest.mark.parametrize("kind", ["PersistentVolumeClaim", "RayJob"])
def test_kubernetes_takes_what_stands_in_the_file(kind: str) -> None:
    assert not problems(documents()[kind])


MISTAKES = {  # what is written where, and what is said of it
    ("spec", "shutdownAfterJobFinish"): (True, "'shutdownAfterJobFinish' was unexpected"),
    ("spec", "backoffLimit"): ("2", "'2' is not of type 'integer'"),
    ("spec", "rayClusterSpec", "workerGroupSpecs", 0, "replica"): (2, "'replica' was unexpected"),
    ("spec", "rayClusterSpec", "headGroupSpec", "rayStartParams", "num-cpus"): (0, "0 is not of type 'string'"),
    ("spec", "rayClusterSpec", "headGroupSpec", "template", "spec", "volume"): ([], "'volume' was unexpected"),
    ("spec", "rayClusterSpec", "workerGroupSpecs", 0, "template", "spec", "volumes"): ({}, "is not of type 'array'"),
    ("spec", "managedBy"): ("kueue.x-k8s.io/multikueue", "not checked here"),
    ("metadata", "label"): ({}, "'label' was unexpected"),
    ("kinds",): ("RayJob", "'kinds' was unexpected"),
}


@pytest.mark.parametrize("where", MISTAKES, ids=lambda where: where[-1])
def test_a_mistake_in_a_job_is_seen(where: tuple[str | int, ...]) -> None:
    job = copy.deepcopy(documents()["RayJob"])
    part: Any = job
    for name in where[:-1]:
        part = part[name]
    part[where[-1]], said = MISTAKES[where]
    (problem,) = problems(job)
    assert said in problem


def test_pods_share_a_folder_and_there_is_one_for_each_worker() -> None:
    spec, claim = documents()["RayJob"]["spec"], documents()["PersistentVolumeClaim"]
    program, *words = shlex.split(spec["entrypoint"])
    assert program == "python" and Path(words.pop(0)).name == "letters_on_ray.py"
    asked = dict(zip(words[::2], words[1::2], strict=True))
    cluster = spec["rayClusterSpec"]
    locked = (FOLDER.parents[1] / "requirements.txt").read_text(encoding="utf-8")
    assert re.search(rf"^ray(\[\w+\])?=={re.escape(cluster['rayVersion'])}\b", locked, flags=re.MULTILINE)
    (workers,) = cluster["workerGroupSpecs"]
    assert int(asked["--workers"]) == workers["replicas"] == workers["minReplicas"] == workers["maxReplicas"]
    images = set()
    for group in (cluster["headGroupSpec"], workers):
        pod = group["template"]["spec"]
        (container,), (volume,) = pod["containers"], pod["volumes"]
        (mount,) = container["volumeMounts"]
        assert Path(asked["--out"]).parent == Path(mount["mountPath"]) and mount["name"] == volume["name"]
        assert volume["persistentVolumeClaim"]["claimName"] == claim["metadata"]["name"]
        images.add(container["image"])
    assert images == {"FILL_IN"}
