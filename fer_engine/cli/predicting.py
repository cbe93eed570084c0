"""`predict` and `explain`."""

from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from fer_engine.cli.output import Json, out, percent, print_json, say
from fer_engine.errors import FerLabError

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
    layer: Annotated[str | None, typer.Option(help="One layer alone; by default all.")] = None,
    method: Annotated[str, typer.Option(help="gradcam++ or gradcam.")] = "gradcam++",
    whole_image: WholeImage = False,
    as_json: Json = False,
) -> None:
    """Write what every layer makes of a face and which pixels decided: PNG pictures and explanation.json."""
    from fer_engine import load
    from fer_engine.explain.explanation import explain as explain_face
    from fer_engine.explain.render import write_explanation
    from fer_engine.faces import find_faces

    found = find_faces(image, whole_image=whole_image)
    say(found.notices)
    if not found.faces:
        raise FerLabError(f"Nothing to explain in {image}: no face was found in it.")
    face = found.faces[0]
    say(face.notices)
    explanation = explain_face(load(run), face.tile, target=target, layers=[layer] if layer else None, method=method)
    write_explanation(explanation, face.tile, out_dir)
    if as_json:
        print_json({"image": str(image), "box": list(face.box), "out": str(out_dir)} | explanation.to_dict())
    else:
        words = f"{explanation.predicted} ({percent(float(explanation.probabilities.max()))}); written to {out_dir}"
        out.print(words, highlight=False, markup=False)
