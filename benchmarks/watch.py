"""A listener that keeps the history of a run."""

from fer_engine.training.fit import EpochRow


class Rows(list[EpochRow]):
    """The rows of a run's history, as they come."""

    def batch(self, epoch: int, step: int, steps: int, images_per_second: float) -> None:
        """Nothing is kept of a step."""

    def epoch(self, row: EpochRow, epochs: int) -> None:  # noqa: ARG002
        """Keep the row."""
        self.append(row)

    def measuring(self) -> None:
        """Nothing is kept of it."""
