"""What a run may use of the machine, as data: no torch here, so that a run that waits for its turn stays small."""

from dataclasses import dataclass


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
