"""Which tensors an SVM's file must have: what a folder from elsewhere is checked against."""

from fer_engine.experiments.svm_spec import SvmSpec
from fer_engine.labels import N_CLASSES

Shape = tuple[int, ...]


def expected_shapes(spec: SvmSpec, found: dict[str, Shape]) -> dict[str, Shape]:
    """Names and shapes of all tensors; what only the fit tells (vectors, features of a block) is taken from `found`.

    Args:
        spec: What the file should be.
        found: The shapes in the file.
    """
    width, shapes = 0, dict[str, Shape]()
    for number, feature in enumerate(spec.features):
        features = (found.get(f"block{number}.mean") or (0,))[0]
        kept = feature.n_components or features
        shapes |= {f"block{number}.mean": (features,), f"block{number}.scale": (kept,)}
        if feature.n_components:
            shapes[f"block{number}.components"] = (kept, features)
        width += kept
    vectors = (found.get("machine.vectors") or (0,))[0]
    return shapes | {
        "machine.vectors": (vectors, width),
        "machine.dual": (N_CLASSES - 1, vectors),
        "machine.counts": (N_CLASSES,),
        "machine.intercepts": (N_CLASSES * (N_CLASSES - 1) // 2,),
    }
