"""An SVM and its blocks of features as tensors in a file: nothing is pickled."""

from pathlib import Path

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load_file, save

from fer_engine.classical.blocks import Block
from fer_engine.classical.machine import Machine, from_dual
from fer_engine.errors import FerLabError
from fer_engine.experiments.svm_spec import SvmSpec
from fer_engine.runs.files import write_bytes

VECTORS, DUAL, COUNTS, INTERCEPTS = "machine.vectors", "machine.dual", "machine.counts", "machine.intercepts"


def save_machine(blocks: tuple[Block, ...], machine: dict[str, np.ndarray], path: Path) -> None:
    """Write blocks and machine in one step; what is large in half precision, coefficients in single.

    Args:
        blocks: Fitted blocks of features.
        machine: libsvm's arrays by the names above.
        path: The file.

    Raises:
        FerLabError: Where the file cannot be written.
    """
    tensors = {
        VECTORS: machine[VECTORS].astype(np.float16),
        DUAL: machine[DUAL].astype(np.float32),
        COUNTS: machine[COUNTS].astype(np.int64),
        INTERCEPTS: machine[INTERCEPTS].astype(np.float32),
    }
    for number, block in enumerate(blocks):
        tensors[f"block{number}.mean"] = block.mean.astype(np.float32)
        tensors[f"block{number}.scale"] = block.scale.astype(np.float32)
        if block.components is not None:
            tensors[f"block{number}.components"] = block.components.astype(np.float16)
    write_bytes(path, save({name: np.ascontiguousarray(tensor) for name, tensor in tensors.items()}))


def load_machine(spec: SvmSpec, path: Path) -> tuple[tuple[Block, ...], Machine]:
    """The blocks and the machine of a spec out of a file.

    Raises:
        FerLabError: Where the file is missing or damaged, or holds another model's tensors.
    """
    try:
        tensors = load_file(path)
        blocks = tuple(_block(spec, tensors, number) for number in range(len(spec.features)))
        gamma = spec.gamma if spec.kernel == "rbf" else 0.0
        machine = from_dual(tensors[VECTORS], tensors[DUAL], tensors[COUNTS], tensors[INTERCEPTS], gamma)
    except (OSError, SafetensorError, KeyError, ValueError, IndexError) as error:
        reason = str(error).splitlines()[0]
        raise FerLabError(f"The SVM {path} cannot be read: {reason}. Fetch or train the run again.") from error
    return blocks, machine


def _block(spec: SvmSpec, tensors: dict[str, np.ndarray], number: int) -> Block:
    feature = spec.features[number]
    components = tensors[f"block{number}.components"].astype(np.float32) if feature.n_components else None
    return Block(feature, tensors[f"block{number}.mean"], components, tensors[f"block{number}.scale"])
