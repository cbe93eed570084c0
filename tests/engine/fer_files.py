"""FER2013 in every form, written for the tests of its readers."""

import gzip
import io
import tarfile
import zipfile
from pathlib import Path

import numpy as np
from PIL import Image

from fer_engine.data.faceset import FaceSet
from fer_engine.labels import NAMES

COLUMNS = ("emotion", "pixels", "Usage")
FOLDER_OF = {"Training": "train", "PublicTest": "validation", "PrivateTest": "test"}


def faces_of_noise(n: int = 12, seed: int = 0) -> FaceSet:
    rng = np.random.default_rng(seed)
    split = np.array([("Training", "PublicTest", "PrivateTest")[index * 3 // n] for index in range(n)])
    images = rng.integers(0, 256, (n, 48, 48), dtype=np.uint8)
    images[:, 0, :3] = (0, 9, 255)
    return FaceSet(images, np.arange(n) % 7, split, np.arange(n))


def rows_of(faces: FaceSet) -> list[dict[str, str]]:
    rows = []
    for image, label, split in zip(faces.images, faces.labels, faces.split, strict=True):
        rows.append({"emotion": str(label), "pixels": " ".join(map(str, image.ravel())), "Usage": str(split)})
    return rows


def csv_text(rows, columns=COLUMNS, space="", quote="", newline="\n", final=True) -> str:
    lines = [",".join(("" if place == 0 else space) + column for place, column in enumerate(columns))]
    lines += [",".join(f"{quote}{row[column]}{quote}" for column in columns) for row in rows]
    return newline.join(lines) + (newline if final else "")


def write_csv(path: Path, faces: FaceSet, **form) -> Path:
    path.write_bytes(csv_text(rows_of(faces), **form).encode())
    return path


def pack(path: Path, content: bytes, member: str = "fer2013.csv") -> Path:
    """Pack a CSV file as the ending of `path` says."""
    name = path.name
    if name.endswith((".tar.gz", ".tgz")):
        with tarfile.open(path, "w:gz") as tar:
            for inside, data in (("fer2013/README", b"read me"), (f"fer2013/{member}", content)):
                info = tarfile.TarInfo(inside)
                info.size = len(data)
                tar.addfile(info, io.BytesIO(data))
    elif name.endswith(".zip"):
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr("example_submission.csv", "a,b\n1,2\n")
            archive.writestr(member, content)
    elif name.endswith(".gz"):
        path.write_bytes(gzip.compress(content))
    else:
        path.write_bytes(content)
    return path


def png(image: np.ndarray, mode: str = "L", file_format: str = "PNG") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).convert(mode).save(buffer, file_format)
    return buffer.getvalue()


def write_folders(root: Path, faces: FaceSet, folder_of=FOLDER_OF, emotions=NAMES, prefix=lambda _split: "") -> Path:
    for index, (image, label, split) in enumerate(zip(faces.images, faces.labels, faces.split.tolist(), strict=True)):
        folder = root / folder_of[split] / emotions[label]
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{prefix(split)}{index:05}.png").write_bytes(png(image))
    return root


def same(one: FaceSet, other: FaceSet) -> bool:
    return all(np.array_equal(getattr(one, field), getattr(other, field)) for field in ("images", "labels", "split", "ids"))
