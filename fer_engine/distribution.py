"""Work on several cores or machines, through joblib alone: processes of this machine, a Ray cluster, or a Dask cluster.

The same call runs everywhere; which workers take it is one switch: `loky` (processes here), `ray` or `dask`, the last
two with the address of a cluster, or with a small one of their own on this machine where none is named. Every worker
must have this version of the engine installed.
"""

import logging
import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from fer_engine.errors import FerLabError

BACKENDS = ("loky", "ray", "dask")
_CONNECT_SECONDS = 20


@dataclass(frozen=True)
class Workers:
    """Whoever does the work, while `parallel` is open.

    Attributes:
        backend: One of `BACKENDS`.
        jobs: How many pieces of work are done at once.
    """

    backend: str
    jobs: int

    def results(self, function: Callable[..., Any], arguments: Sequence[tuple[Any, ...]]) -> Iterator[tuple[int, Any]]:
        """Call a function with each of several sets of arguments; gives (position, result) as they are done.

        Args:
            function: One that stands in a module, so that other processes find it.
            arguments: The arguments of each call; arrays travel to the workers with them.

        Raises:
            FerLabError: Where a worker dies; what the function itself raises arrives as it is.
        """
        from joblib import Parallel, delayed
        from joblib.externals.loky.process_executor import TerminatedWorkerError

        calls = [delayed(_call)(position, function, given, self.jobs > 1) for position, given in enumerate(arguments)]
        try:
            if self.jobs == 1 and self.backend == "loky":
                yield from (_call(position, function, given, False) for position, given in enumerate(arguments))
            elif self.backend == "ray":  # it gives nothing back before a batch is done
                with Parallel(n_jobs=self.jobs) as pool:
                    for start in range(0, len(calls), self.jobs):
                        yield from pool(calls[start : start + self.jobs])
            else:
                yield from Parallel(n_jobs=self.jobs, return_as="generator_unordered", pre_dispatch="all")(calls)
        except (TerminatedWorkerError, *_deaths(self.backend)) as error:
            raise FerLabError("A worker process was killed, probably for want of memory. Use fewer --jobs, or less data.") from error


def _deaths(backend: str) -> tuple[type[BaseException], ...]:
    """What a cluster raises where a worker dies."""
    if backend == "dask":
        from distributed import KilledWorker

        return (KilledWorker,)
    if backend == "ray":
        from ray.exceptions import ActorDiedError, NodeDiedError, OutOfMemoryError, WorkerCrashedError

        return ActorDiedError, NodeDiedError, OutOfMemoryError, WorkerCrashedError
    return ()


def _call(position: int, function: Callable[..., Any], given: tuple[Any, ...], alone: bool) -> tuple[int, Any]:
    """One call; with several workers on a machine each keeps to one thread, or they would stall each other."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1 if alone else None):
        return position, function(*given)


@contextmanager
def parallel(backend: str = "loky", address: str | None = None, jobs: int = 0) -> Iterator[Workers]:
    """Open a way to workers, and close it again.

    Args:
        backend: 'loky' for processes of this machine, 'ray' or 'dask'.
        address: Of the cluster's head or scheduler, such as 'HEAD:6379', 'auto' or 'tcp://HEAD:8786'; without
            one, Ray and Dask start a small cluster here that ends with the block.
        jobs: Pieces of work at once; 0 for as many as there are cores.

    Raises:
        FerLabError: Where the backend is unknown or not installed, or nothing answers at the address.
    """
    if backend not in BACKENDS:
        raise FerLabError(f"There is no backend '{backend}'. There are: {', '.join(BACKENDS)}.")
    if backend == "loky" and address:
        raise FerLabError("The backend loky works on this machine and takes no address. Use --backend ray or dask with --address.")
    from joblib import parallel_config

    with ExitStack() as stack:
        if backend == "loky":
            connected: tuple[int, dict[str, Any]] = (_cores(), {})
        else:
            connected = (_ray if backend == "ray" else _dask)(stack, address, jobs)
        there, extra = connected
        stack.enter_context(parallel_config(backend=backend, **extra))
        yield Workers(backend, jobs or there)


def _cores() -> int:
    import joblib

    return int(joblib.cpu_count())


def _ray(stack: ExitStack, address: str | None, jobs: int) -> tuple[int, dict[str, Any]]:
    """Connect to Ray; a cluster that someone opened before stays open."""
    os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")  # it reports to its makers otherwise
    os.environ.setdefault("RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO", "0")
    try:
        import ray
        from ray.util.joblib import register_ray
    except ImportError:
        raise FerLabError("The backend ray needs the package ray: pip install 'fer-lab[ray]'.") from None
    if not ray.is_initialized():
        here: dict[str, Any] = {} if address else {"num_cpus": jobs or _cores(), "include_dashboard": False}
        try:
            ray.init(address=address or "local", log_to_driver=False, logging_level=logging.ERROR, **here)
        except Exception as error:  # of several kinds, with the version and the address
            raise FerLabError(f"No Ray cluster answers at '{address}': {_first_line(error)} Look whether its head is up.") from error
        stack.callback(ray.shutdown)
    register_ray()
    return max(1, int(ray.cluster_resources().get("CPU", 1))), {}


def _dask(stack: ExitStack, address: str | None, jobs: int) -> tuple[int, dict[str, Any]]:
    """Connect to Dask."""
    try:
        from distributed import Client, LocalCluster
    except ImportError:
        raise FerLabError("The backend dask needs the package dask[distributed]: pip install 'fer-lab[dask]'.") from None
    if address:
        cluster: Any = address
    else:
        workers = {"n_workers": jobs or _cores(), "threads_per_worker": 1, "dashboard_address": None}
        cluster = stack.enter_context(LocalCluster(**workers))
    try:
        client = stack.enter_context(Client(cluster, timeout=_CONNECT_SECONDS))
    except (OSError, ValueError) as error:
        raise FerLabError(f"No Dask scheduler answers at '{address}': {_first_line(error)} Look whether it is up.") from error
    there = sum(client.ncores().values())
    if not there:
        raise FerLabError(f"The Dask scheduler at '{address}' has no workers. Start some: dask worker {address}")
    return there, {"client": client}


def _first_line(error: Exception) -> str:
    words = (str(error) or type(error).__name__).splitlines()[0].rstrip(". ")
    return f"{words}."
