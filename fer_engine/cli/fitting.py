"""`train` for SVMs: from the options to a finished run."""

from typing import TYPE_CHECKING, Any

from fer_engine.cli.output import going_on, open_faces, say
from fer_engine.errors import FerLabError

if TYPE_CHECKING:
    from fer_engine.data.faceset import FaceSet
    from fer_engine.experiments.svm_spec import SvmSpec
    from fer_engine.runs.records import Launch
    from fer_engine.runs.store import Run


def fit_svm(spec: "SvmSpec", name: str, network: "Run | None", launch: "Launch", *, wait: bool) -> "Run":
    """Fit an SVM in its turn and leave a run folder.

    Raises:
        FerLabError: With a sentence, where spec, data or the fit make no sense.
    """
    from fer_engine.classical.fitting import prepare_svm

    faces = open_faces(launch.data or None, launch.skip_bad)
    _, run = prepare_svm(spec, faces, name, network)
    return _fit(run, (faces, network), launch, wait=wait)


def resume_svm(run: "Run", launch: "Launch", *, wait: bool) -> "Run":
    """Fit an SVM that was stopped, on the data and the network that it was begun with; it begins anew, which takes minutes at most.

    Raises:
        FerLabError: With a sentence, where it is finished, or data or network are others.
    """
    return _fit(run, None, launch, wait=wait)


def _fit(run: "Run", begun: "tuple[FaceSet, Run | None] | None", launch: "Launch", *, wait: bool) -> "Run":
    """Fit in its turn; a run that goes on reads its data only there, so that what is wrong with it is left word of."""
    from fer_engine.classical.fitting import fit_run, reopen_svm
    from fer_engine.experiments.svm_spec import SvmSpec
    from fer_engine.runs.worker import at_work
    from fer_engine.training import neighbour

    assert isinstance(run.spec, SvmSpec)
    need = neighbour.need("cpu", 0)  # the fit takes all cores
    try:
        with at_work(run, launch, need, wait=wait, on_wait=lambda sentence: say([sentence])) as report:
            if begun:
                faces, network = begun
            else:
                faces = open_faces(launch.data or None, launch.skip_bad)
                network = reopen_svm(run, faces)
            say([f"Fitting {run.name} on '{faces.name}' (spec {run.spec.hash}) into {run.path}"])
            report.phase("training")
            return fit_run(run.spec, run, faces, network, say=lambda words: say([f"{words} ..."]))
    except KeyboardInterrupt:
        words = going_on(f"python -m fer_engine train --name {run.name} --resume", launch.data, launch.skip_bad)
        raise FerLabError(f"Stopped. Go on with: {words}") from None


def svm_spec(model: str, changes: dict[str, Any], given: dict[str, Any]) -> "SvmSpec":
    """The spec that the options describe.

    Args:
        model: Name of a recipe.
        changes: Fields to change, by their dotted names.
        given: Options that only networks have, with what the user gave.

    Raises:
        FerLabError: Where an option has no meaning for an SVM, or a value makes no sense.
    """
    from fer_engine.experiments.spec import override
    from fer_engine.experiments.svm_lab import svm_recipe

    refuse_options(model, given)
    return override(svm_recipe(model), changes)


def refuse_options(model: str, given: dict[str, Any]) -> None:
    """Stop where an option was given that only networks have.

    Raises:
        FerLabError: Naming it.
    """
    strange = [option for option, value in given.items() if value]
    if strange:
        raise FerLabError(f"{model} is an SVM, which has no {' or '.join(strange)}. Its fields are set by --set, such as C=3 or gamma=1.")


def network_for(spec: "SvmSpec", start: str | None) -> "Run | None":
    """The run whose hidden layer the SVM reads: the one that is named, or the reference run of its recipe.

    Raises:
        FerLabError: Where there is none of that name.
    """
    from fer_engine.experiments.svm_lab import SVM_REFERENCE
    from fer_engine.runs.store import finished_run

    if not start and spec.needs_network and spec.model in SVM_REFERENCE:
        start = SVM_REFERENCE[spec.model].starts_from
    return finished_run(start) if start else None
