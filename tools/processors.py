"""The processor of this machine, and the older ones that it can play: what survives them is no accident of it."""

import platform
from pathlib import Path

from tools.chapters import kernel_environment

# By library: oneDNN (TensorFlow, PyTorch), PyTorch, MKL, OpenBLAS (NumPy's products), NumPy.  Two sets that round
# alike would tell nothing, so what has no code of its own for AVX goes back in SSE4.2 only: NumPy's functions, and
# MKL, which on a processor that Intel did not make listens to MKL_CBWR alone, and takes its oldest code.
INSTRUCTION_SETS = {
    "AVX2": {
        "ONEDNN_MAX_CPU_ISA": "AVX2",
        "ATEN_CPU_CAPABILITY": "avx2",
        "MKL_ENABLE_INSTRUCTIONS": "AVX2",
        "OPENBLAS_CORETYPE": "Haswell",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    },
    "AVX": {
        "ONEDNN_MAX_CPU_ISA": "AVX",
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "AVX",
        "OPENBLAS_CORETYPE": "Sandybridge",
        "NPY_DISABLE_CPU_FEATURES": "X86_V4 AVX512_ICL AVX512_SPR",
    },
    "SSE4.2": {
        "ONEDNN_MAX_CPU_ISA": "SSE41",
        "ATEN_CPU_CAPABILITY": "default",
        "MKL_ENABLE_INSTRUCTIONS": "SSE4_2",
        "MKL_CBWR": "SSE4_2",
        "OPENBLAS_CORETYPE": "Nehalem",
        "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    },
}


def flags() -> dict[str, str]:
    """Return what Linux says of the first core; nothing elsewhere."""
    told = Path("/proc/cpuinfo")
    text = told.read_text(encoding="utf-8").partition("\n\n")[0] if told.exists() else ""
    pairs = [line.split(":", 1) for line in text.splitlines() if ":" in line]
    return {key.strip(): " ".join(value.split()) for key, value in pairs}


def model() -> str:
    """Return the name of this processor."""
    return flags().get("model name") or platform.processor() or platform.machine()


def native() -> str:
    """Return the widest instruction set of this processor, or its family where that is not known."""
    known = flags().get("flags", "").split()
    names = {"avx512f": "AVX-512", "avx2": "AVX2", "avx": "AVX", "sse4_2": "SSE4.2"}
    return next((name for flag, name in names.items() if flag in known), platform.machine())


def earlier() -> dict[str, dict[str, str]]:
    """Return the settings that make this processor compute like one of an earlier generation, the latest first."""
    names = ["AVX-512", *INSTRUCTION_SETS]
    names = names[names.index(native()) + 1 :] if native() in names else []
    return {name: INSTRUCTION_SETS[name] for name in names}


def settings() -> dict[str, dict[str, str]]:
    """Return what `make run` runs a chapter with, by name; the first run is the one to store."""
    name = model()
    runs = {f"{name}, {native()}, {threads}": kernel_environment(threads[0]) for threads in ("1 thread", "2 threads")}
    return runs | {f"{name}, {older}, 1 thread": kernel_environment("1") | extra for older, extra in earlier().items()}
