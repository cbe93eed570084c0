"""`predict` and `explain`."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from fer_engine.cli.output import Json, out, percent, print_json, say
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    import numpy as np

    from fer_engine.predictors import Predictor

RunName = Annotated[str, typer.Option("--run", help="A run's name or folder.")]
WholeImage = Annotated[bool, typer.Option("--whole-image", help="Take the image itself for the face, without looking for one.")]
DEFAULT_RUN = "net12-svm"


def predict(
    images: Annotated[list[Path], typer.Argument(help="Image files.")],
    run: RunName = DEFAULT_RUN,
    whole_image: WholeImage = False,
    as_json: Json = False,
) -> None:
    """Say what each face of each image expresses. A bad image is said, the others still answer; exit status 1 then."""
    from fer_engine import load

    predictor = load(run)
    failed = False
    for image in images:
        try:
            prediction = predictor.predict(image, whole_image=whole_image)
        except FerLabError as error:
            failed = True
            if as_json:
                print_json({"image": str(image), "error": str(error)})
            say([str(error)])
            continue
        if as_json:
            print_json(asdict(prediction) | {"image": str(image)})
            continue
        for number, face in enumerate(prediction.faces, start=1):
            likely = sorted(face.probabilities.items(), key=lambda item: -item[1])
            words = ", ".join(f"{name} {percent(p)}" for name, p in likely[:3])
            out.print(f"{image}, face {number} at {list(face.box)}: {words}", highlight=False, markup=False)
        say(f"{image}: {notice}" for notice in prediction.notices)
    if failed:
        raise typer.Exit(1)


def explain(
    image: Annotated[Path, typer.Argument(help="An image file; of several faces the largest is explained.")],
    out_dir: Annotated[Path, typer.Option("--out", help="Folder for the pictures and explanation.json.")],
    run: RunName = DEFAULT_RUN,
    target: Annotated[str | None, typer.Option(help="The emotion to explain; by default the answer.")] = None,
    layer: Annotated[str | None, typer.Option(help="One layer alone; by default all (networks).")] = None,
    method: Annotated[str | None, typer.Option(help="gradcam++ (by default) or gradcam (networks), or occlusion (any model).")] = None,
    whole_image: WholeImage = False,
    as_json: Json = False,
) -> None:
    """Write what a model makes of a face and which pixels decided: PNG pictures and explanation.json."""
    from fer_engine import load
    from fer_engine.faces import find_faces
    from fer_engine.predictors import CnnPredictor

    found = find_faces(image, whole_image=whole_image)
    say(found.notices)
    if not found.faces:
        raise FerLabError(f"Nothing to explain in {image}: no face was found in it.")
    face = found.faces[0]
    say(face.notices)
    predictor = load(run)
    write = _explain_network if isinstance(predictor, CnnPredictor) else _explain_svm
    told = write(predictor, face.tile, out_dir, target, layer, method)
    if as_json:
        print_json({"image": str(image), "box": list(face.box), "out": str(out_dir)} | told)
    else:
        words = f"{told['predicted']} ({percent(max(told['probabilities'].values()))}); written to {out_dir}"
        out.print(words, highlight=False, markup=False)


def _explain_network(
    predictor: "Predictor", face: "np.ndarray", out_dir: Path, target: str | None, layer: str | None, method: str | None
) -> dict[str, Any]:
    """Write the explanation of a network; gives its numbers."""
    from fer_engine.explain.explanation import explain as explain_face
    from fer_engine.explain.render import write_explanation

    if method == "occlusion":
        if layer:
            raise FerLabError("Occlusion asks the whole model and knows no layers: leave out --layer, or take --method gradcam++.")
        return _explain_by_occlusion(predictor, face, out_dir, target)
    told = explain_face(predictor, face, target=target, layers=[layer] if layer else None, method=method or "gradcam++")
    write_explanation(told, face, out_dir)
    return told.to_dict()


def _explain_by_occlusion(predictor: "Predictor", face: "np.ndarray", out_dir: Path, target: str | None) -> dict[str, Any]:
    """Write an occlusion map; gives its numbers."""
    from fer_engine.explain.face_pictures import write_occlusion
    from fer_engine.explain.occlusion import occlusion_map
    from fer_engine.labels import NAMES

    occlusion = occlusion_map(predictor, face, target=target)
    probabilities = map(float, predictor.probabilities(face[None])[0])
    told: dict[str, Any] = {"run": occlusion.run, "predicted": occlusion.predicted, "target": occlusion.target}
    told["probabilities"] = dict(zip(NAMES, probabilities, strict=True))
    write_occlusion(told, occlusion, face, out_dir)
    return told | {"occlusion": occlusion.to_dict()}


def _explain_svm(
    predictor: "Predictor", face: "np.ndarray", out_dir: Path, target: str | None, layer: str | None, method: str | None
) -> dict[str, Any]:
    """Write what an SVM sees and its occlusion map; gives its numbers."""
    from fer_engine.explain.classical import explain_svm
    from fer_engine.explain.face_pictures import write_svm_explanation
    from fer_engine.explain.occlusion import occlusion_map
    from fer_engine.explain.regions import LICENCE

    if layer or method not in (None, "occlusion"):
        raise FerLabError("An SVM has no layers: leave out --layer and --method. Its occlusion map is written in their place.")
    told, occlusion = explain_svm(predictor, face, target=target), occlusion_map(predictor, face, target=target)
    write_svm_explanation(told, occlusion, face, out_dir)
    if any(block.points is not None for block in told.blocks):
        say([LICENCE])
    return told.to_dict() | {"occlusion": occlusion.to_dict()}
