"""What a run may use of the machine, as data: no torch here, so that a run that waits for its turn stays small."""

from dataclasses import dataclass

from fer_engine.errors import FerLabError

DEVICES = ("auto", "cpu", "cuda")
PRECISIONS = ("auto", "32-true", "bf16-mixed", "16-mixed")


@dataclass(frozen=True)
class Hardware:
    """What a run may use.

    Attributes:
        device: 'auto', 'cpu' or 'cuda'.
        precision: 'auto', or lightning-fabric's '32-true', 'bf16-mixed' or '16-mixed'.
        threads: Threads on the CPU, for each process; 0 shares the cores out.
        devices: Devices of this kind on each machine; on the CPU, processes.
        nodes: Machines.
        compiled: Whether torch.compile fuses the network's operations. It takes a minute or more at first, again for
            each size of face, and wants a C++ compiler; meant for GPUs (on two CPU cores it was a tenth to a third
            slower than without).
    """

    device: str = "auto"
    precision: str = "auto"
    threads: int = 0
    devices: int = 1
    nodes: int = 1
    compiled: bool = False

    def __post_init__(self) -> None:
        """Refuse what no machine has.

        Raises:
            FerLabError: Naming the field.
        """
        if self.device not in DEVICES:
            raise FerLabError(f"There is no device '{self.device}'; there are {', '.join(DEVICES)}.")
        if self.precision not in PRECISIONS:
            raise FerLabError(f"There is no precision '{self.precision}'; there are {', '.join(PRECISIONS)}.")
        if self.threads < 0:
            raise FerLabError(f"threads is {self.threads}; it is a number of CPU threads, or 0 for one per core.")
        if self.devices < 1 or self.nodes < 1:
            raise FerLabError(f"devices is {self.devices} and nodes {self.nodes}; both are at least 1.")
