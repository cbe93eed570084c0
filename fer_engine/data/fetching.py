"""Fetching a data set from Kaggle or the Hugging Face Hub, by their own libraries and the user's own token."""

import errno
import os
import re
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from fer_engine import settings
from fer_engine.data.folders import IMAGE_ENDINGS
from fer_engine.data.image_files import MAX_BYTES
from fer_engine.data.importing import is_table
from fer_engine.data.loaded import Progress
from fer_engine.errors import FerLabError

HUBS: dict[str, str] = {"kaggle": "Kaggle", "hf": "Hugging Face"}
COMPETITION = "challenges-in-representation-learning-facial-expression-recognition-challenge"  # where FER2013 is handed out
FOLDER = "fetched"  # in the cache folder
_WANTED = [f"*{ending}" for ending in (".parquet", ".csv", ".csv.gz", ".zip", ".tar", ".tar.gz", ".txt", ".npy", *IMAGE_ENDINGS)]
_NAME = re.compile(r"[\w-][\w.-]*(/[\w-][\w.-]*)?", re.ASCII)
_LOCK = threading.Lock()  # one at a time: Kaggle's library takes its token from the environment
_TOKENS = {
    "kaggle": "Make a token at kaggle.com, Settings, API, and put it into KAGGLE_API_TOKEN or ~/.kaggle/access_token",
    "hf": "Make a token at huggingface.co, Settings, Access Tokens, and put it into HF_TOKEN",
}
_NETWORK = {
    "ConnectionError",
    "ConnectError",
    "Timeout",
    "TimeoutException",
    "NetworkError",
    "LocalEntryNotFoundError",
    "OfflineModeIsEnabled",
}
_NO_TOKEN = ("UnauthenticatedError", "LocalTokenNotFoundError")
_UNAUTHORISED, _NOT_FOUND = (401, 403), 404


def fetch(hub: str, name: str, progress: Progress = lambda _share, _what: None, token: str = "") -> Path:
    """Download a data set; what was downloaded before is not downloaded again.

    Args:
        hub: 'kaggle' or 'hf'.
        name: As the hub calls it, 'owner/name'; on Kaggle a name without an owner is a competition's.
        progress: Called with the fraction done and what is being done.
        token: The user's; by default what the hub's own library finds. It is not kept.

    Returns:
        The folder of what was downloaded.

    Raises:
        FerLabError: Without a token where one is needed, without a network, for a set that is not there.
    """
    if hub not in HUBS:
        raise FerLabError(f"There is no hub '{hub}' here; there are {', '.join(HUBS)}.")
    if not _NAME.fullmatch(name):
        raise FerLabError(f"'{name}' is no name of a data set on {HUBS[hub]}: write OWNER/NAME, as in its address.")
    target = settings.cache_dir() / FOLDER / hub / name.replace("/", "--")
    try:
        target.mkdir(parents=True, exist_ok=True)
        with _LOCK:
            (_from_kaggle if hub == "kaggle" else _from_hf)(name, target, _Bytes(progress, name), token)
    except FerLabError:
        raise
    except Exception as error:  # the libraries raise errors of their own, of what they build on, and bare ones
        raise _sentence(hub, name, error) from error
    return target


class _Bytes:
    """Adds up what the bars of a library count, over all files."""

    def __init__(self, progress: Progress, name: str) -> None:
        self._progress, self._name, self._lock = progress, name, threading.Lock()
        self.total, self.done = 0, 0

    def add(self, done: int) -> None:
        with self._lock:
            self.done += done
            share = min(1.0, self.done / self.total) if self.total else 0.0
            self._progress(share, f"Fetching {self._name}, {self.done / 1e6:,.0f} of {self.total / 1e6:,.0f} MB")


def _from_kaggle(name: str, target: Path, count: _Bytes, token: str) -> None:
    import kagglehub

    download = kagglehub.dataset_download if "/" in name else kagglehub.competition_download
    complete = any((target / ".complete").rglob("*.complete"))
    if complete and "/" not in name:  # a competition's files have no version to ask for
        return
    half = any(target.iterdir()) and not complete  # of a download that was cut off
    with _kaggle_token(token), _counted(count):
        download(name, output_dir=str(target), force_download=half)


@contextmanager
def _kaggle_token(token: str) -> Iterator[None]:
    """Have the token where Kaggle's library looks, for as long as it looks."""
    before = os.environ.get("KAGGLE_API_TOKEN")
    if token:
        os.environ["KAGGLE_API_TOKEN"] = token
    try:
        yield
    finally:
        if token:
            os.environ.pop("KAGGLE_API_TOKEN")
            if before is not None:
                os.environ["KAGGLE_API_TOKEN"] = before


@contextmanager
def _counted(count: _Bytes) -> Iterator[None]:
    """Have Kaggle's library count into ours: it has no parameter for its bar."""
    from kagglehub import clients

    class Bar:
        def __init__(self, total: int = 0, initial: int = 0, **_: Any) -> None:
            _refuse_large(total)
            count.total += total
            count.add(initial)

        def __enter__(self) -> "Bar":
            return self

        def __exit__(self, *_: object) -> None: ...

        def update(self, done: int) -> None:
            count.add(done)

    before, clients.tqdm = clients.tqdm, Bar
    try:
        yield
    finally:
        clients.tqdm = before


def _refuse_large(size: int) -> None:
    if size > MAX_BYTES:
        raise FerLabError(f"The set has {size / (1 << 30):,.0f} GB, which is more than is read. Download a part of it yourself.")


def _from_hf(name: str, target: Path, count: _Bytes, token: str) -> None:
    from huggingface_hub import HfApi, snapshot_download
    from huggingface_hub.utils import filter_repo_objects
    from tqdm.auto import tqdm

    endpoint = os.environ.get("HF_ENDPOINT") or None
    info = HfApi(endpoint=endpoint, token=token or None).dataset_info(name, files_metadata=True)
    files = list(filter_repo_objects(info.siblings or [], allow_patterns=_WANTED, key=lambda file: file.rfilename))
    if not files:
        raise FerLabError(f"'{name}' on Hugging Face holds no file that FER Lab reads: parquet, CSV, archives or images.")
    count.total = sum(file.size or 0 for file in files)
    _refuse_large(count.total)

    class Bar(tqdm):
        """Shows nothing; passes bytes on, and not the number of files."""

        def __init__(self, *args: Any, **options: Any) -> None:
            self._bytes = options.get("unit") == "B"
            options.pop("name", None)
            super().__init__(*args, **options | {"disable": True})

        def update(self, n: float | None = 1) -> bool | None:
            if self._bytes and n:
                count.add(int(n))
            return super().update(n)

    snapshot_download(
        name,
        repo_type="dataset",
        revision=info.sha,
        allow_patterns=_WANTED,
        token=token or None,
        local_dir=target,
        endpoint=endpoint,
        tqdm_class=Bar,
    )
    count.add(max(0, count.total - count.done))


def _sentence(hub: str, name: str, error: Exception) -> FerLabError:
    """What to tell the user of a library's error: the first of these that it is."""
    status = getattr(getattr(error, "response", None), "status_code", None)
    kind, place = type(error).__name__, f"'{name}' on {HUBS[hub]}"
    rules = f" Its rules must be accepted at kaggle.com/c/{name}/rules." if hub == "kaggle" and "/" not in name else ""
    reason = str(error).splitlines()[0] if str(error) else "no reason given"
    closed = isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EACCES, errno.EROFS)
    told = (
        (kind == "GatedRepoError", f"{place} is for those who agreed to its terms: open its page, agree, and come with your token."),
        (kind in _NO_TOKEN, f"{place} needs your token, and there is none. {_TOKENS[hub]}."),
        (status == _NOT_FOUND, f"There is no data set {place}. Check the name: it is OWNER/NAME, as in its address."),
        # The hub answers so for private sets, too.
        (kind == "RepositoryNotFoundError", f"There is no data set {place}, or it is private. {_TOKENS[hub]} if it is yours."),
        (
            status in _UNAUTHORISED,
            f"{HUBS[hub]} refuses '{name}': the token is missing or wrong, or not for this set.{rules} {_TOKENS[hub]}.",
        ),
        (closed, f"{place} cannot be kept: {reason}. Name another folder in FER_LAB_CACHE."),
        (status is not None, f"{HUBS[hub]} answered '{name}' with the error {status}. Try again later."),
        (
            _no_network(error),
            f"{HUBS[hub]} cannot be reached. Is this machine online? A set that lies here already is brought by its path.",
        ),
        (True, f"{place} could not be fetched ({kind}: {reason})."),
    )
    return FerLabError(next(sentence for is_so, sentence in told if is_so))


def _no_network(error: BaseException | None) -> bool:
    """Whether an error, or what it came of, is that nobody answers."""
    while error is not None:
        if any(each.__name__ in _NETWORK for each in type(error).__mro__):
            return True
        error = error.__cause__ or error.__context__
    return False


def to_bring(folder: Path) -> Path:
    """What of a download is to be brought: its only archive where there is no image beside it and no table, else the folder."""
    files = [
        path for path in folder.rglob("*") if path.is_file() and not any(part.startswith(".") for part in path.relative_to(folder).parts)
    ]
    images = any(path.name.lower().endswith(IMAGE_ENDINGS) for path in files)
    archives = [path for path in files if path.name.lower().endswith((".zip", ".tar", ".tar.gz", ".tgz"))]
    return archives[0] if len(archives) == 1 and not images and not is_table(folder) else folder
