"""What the specs of all families share: the data of a run, and the hash that identifies it."""

import hashlib
import json
from dataclasses import MISSING, fields, is_dataclass, replace
from typing import Any

from pydantic import ConfigDict
from pydantic.dataclasses import dataclass

STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=STRICT)
class DataSpec:
    """The data of a run, known by its content and never by where it lay.

    Attributes:
        name: What the set is called.
        train: The split that is learnt from.
        valid: The split that everything is chosen on.
        train_hash: `FaceSet.content_hash` of the first; empty until the data is seen.
        valid_hash: That of the second.
        votes_hash: Begins the SHA-256 of the table of FER+'s votes that is learnt from; empty for none.
    """

    name: str = "fer2013"
    train: str = "Training"
    valid: str = "PublicTest"
    train_hash: str = ""
    valid_hash: str = ""
    votes_hash: str = ""


def spec_hash(spec: Any) -> str:
    """Twelve hexadecimal digits that identify a run: of all fields of its spec that are not at their default.

    So a field that joins later, off by default, leaves the hashes of earlier runs as they are; a default never
    changes. The data's name is left out: its content identifies it.
    """
    told = _told(replace(spec, data=replace(spec.data, name=""))) | {"family": spec.family}
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:12]


def _told(spec: Any) -> dict[str, Any]:
    """The fields of a dataclass that are not at their default, by name, and those of the dataclasses in it."""
    told: dict[str, Any] = {}
    for item in fields(spec):
        value = getattr(spec, item.name)
        default = item.default_factory() if item.default_factory is not MISSING else item.default
        if value != default:
            told[item.name] = _plain(value)
    return told


def _plain(value: Any) -> Any:
    """A value as JSON can have it, dataclasses within it by what they tell."""
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return _told(value) if is_dataclass(value) else value
