"""Work on processes, on a Ray cluster and on a Dask cluster of this machine: the same results from each."""

import os

import numpy as np
import pytest

from fer_engine.classical import nested_cv
from fer_engine.classical.search_grid import Grid
from fer_engine.data.source import open_data
from fer_engine.distribution import parallel
from fer_engine.errors import FerLabError


def scores_by(backend: str, address: str | None = None) -> nested_cv.NestedScores:
    part = open_data("synthetic:150").faces.part("Training")
    grid = Grid(n_components=(5, 10), C=(1.0, 100.0), gamma=(0.01,))
    scores = nested_cv.empty_scores(grid, 2, 2)
    pieces = nested_cv.folds(part.labels, 2, 2, seed=0)
    done = []
    with parallel(backend, address, 2) as workers:
        nested_cv.run(part.images.reshape(len(part), -1), part.labels, pieces, scores, workers, lambda fold, _: done.append(fold))
    assert len(done) == 6
    return scores


@pytest.fixture(scope="module")
def here() -> nested_cv.NestedScores:
    return scores_by("loky")


def same(left: nested_cv.NestedScores, right: nested_cv.NestedScores) -> bool:
    return np.array_equal(left.inner, right.inner) and np.array_equal(left.outer, right.outer, equal_nan=True)


@pytest.mark.slow
def test_ray_gives_what_local_processes_give(here):
    pytest.importorskip("ray")
    assert same(scores_by("ray"), here)


@pytest.mark.slow
def test_dask_gives_what_local_processes_give(here):
    pytest.importorskip("distributed")
    assert same(scores_by("dask"), here)


@pytest.mark.slow
def test_dask_cluster_at_an_address(here):
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None) as cluster:
        assert same(scores_by("dask", cluster.scheduler_address), here)


def fail(number: int) -> int:
    if number == 1:
        os._exit(1)
    return number


def test_killed_worker_is_said():
    with parallel("loky", None, 2) as workers, pytest.raises(FerLabError, match="A worker process was killed"):
        list(workers.results(fail, [(0,), (1,)]))


def test_unknown_backend_and_unreachable_cluster_are_said(monkeypatch):
    with pytest.raises(FerLabError, match="There is no backend 'slurm'. There are: loky, ray, dask."), parallel("slurm"):
        pass
    with pytest.raises(FerLabError, match="takes no address"), parallel("loky", "tcp://host:1"):
        pass
    monkeypatch.setattr("fer_engine.distribution._CONNECT_SECONDS", 1)
    with pytest.raises(FerLabError, match="No Dask scheduler answers at 'tcp://127.0.0.1:9'"), parallel("dask", "tcp://127.0.0.1:9"):
        pass
