"""What the tests of the page Train share: its widgets, and runs that are there before it is opened."""

import shutil

from fer_engine import settings
from fer_engine.data.source import open_data
from fer_engine.experiments import lab
from fer_engine.experiments.fields import spec_fields
from fer_engine.experiments.spec import field_paths, override
from fer_engine.runs import store
from fer_engine.training.run import prepare

QUICK = "quick-net5-softmax"  # begins the keys of the fields that the page opens with
TINY = {"network.widths": (2, 4), "network.hidden": (8,), "epochs": 2}


def widget(app, path, base=QUICK):
    """The widget of a spec's field."""
    kind = next(field.kind for field in spec_fields() if field.path == path)
    names = {"choice": "selectbox", "switch": "toggle", "whole": "number_input", "number": "number_input"}
    return getattr(app, names.get(kind, "text_input"))(key=f"{base}-{path}")


def shown(app, base):
    """The values of all fields as the form shows them, by dotted name; lists as text."""
    return {field.path: widget(app, field.path, base).value for field in spec_fields()}


def expected(spec):
    values = {field.path: field_paths(spec)[field.path] for field in spec_fields()}
    return {path: as_text(value) if isinstance(value, tuple) else value for path, value in values.items()}


def as_text(numbers):
    return ", ".join("-".join(map(str, item)) if isinstance(item, tuple) else str(item) for item in numbers)


def words(app):
    return "\n".join(item.value for item in [*app.markdown, *app.caption])


def own_run(name, changes=TINY, data="synthetic:70"):
    """A run folder of a tiny network that is not trained yet."""
    spec = override(lab.quick("net2"), {path: list(value) if isinstance(value, tuple) else value for path, value in changes.items()})
    return store.Run(prepare(spec, open_data(data).faces, name).folder)


def finished_copy(name, of="net2-softmax"):
    folder = settings.runs_dir() / name
    shutil.copytree(store.finished_run(of).path, folder)
    return store.Run(folder)


def csv_of_faces(path, bad_rows=0):
    """Fourteen training and six validation faces, each of one shade, and rows that cannot be read."""
    rows = [f"{row % 7},{' '.join([str(10 * row)] * 2304)},{'Training' if row < 14 else 'PublicTest'}" for row in range(20)]
    path.write_text("\n".join(["emotion,pixels,Usage", *rows, *["9,1 2 3,Training"] * bad_rows]) + "\n")
    return path
