"""What every reader takes and gives: progress, bad rows, and faces with what there is to say of them."""

from collections.abc import Callable
from dataclasses import dataclass, field

from fer_engine.data.faceset import FaceSet
from fer_engine.errors import FerLabError

Progress = Callable[[float, str], None]  # fraction done (0 to 1), what is being done
REASONS_KEPT = 5


@dataclass(frozen=True)
class LoadedData:
    """Faces, and what their user should know of how they were read.

    Attributes:
        faces: The data set.
        notices: Sentences for the user, for example on bad rows that were skipped.
        skipped: How many bad rows (or images) were left out.
    """

    faces: FaceSet
    notices: tuple[str, ...] = ()
    skipped: int = 0


@dataclass
class BadRows:
    """Keeps count of the rows that cannot be used, or stops at the first.

    Attributes:
        skip: Whether to go on after a bad row.
        unit: What a row is called, for example 'row' or 'image'.
        count: Bad rows so far.
        reasons: The first few, each with its place.
    """

    skip: bool = False
    unit: str = "row"
    count: int = 0
    reasons: list[str] = field(default_factory=list)

    def add(self, reason: str) -> None:
        """Note one bad row.

        Args:
            reason: Where it is and what is wrong, without a full stop.

        Raises:
            FerLabError: Unless bad rows are to be skipped.
        """
        if not self.skip:
            raise FerLabError(f"{reason}. Mend it, or leave bad {self.unit}s out with --skip-bad.")
        self.count += 1
        if len(self.reasons) < REASONS_KEPT:
            self.reasons.append(reason)

    def notices(self) -> tuple[str, ...]:
        """One sentence that gives the count and the first few reasons; nothing where no row was bad."""
        if not self.count:
            return ()
        more = "; and more" if self.count > len(self.reasons) else ""
        return (f"Left out {self.count:,} bad {self.unit}{'s' if self.count > 1 else ''}: {'; '.join(self.reasons)}{more}.",)
