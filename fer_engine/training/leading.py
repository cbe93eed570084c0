"""Which of several processes that train one run is the one that writes and speaks."""

import os


def leads() -> bool:
    """Whether it is this one, by the environment that `torchrun` or lightning-fabric gives each of them."""
    if "RANK" in os.environ:
        return os.environ["RANK"] == "0"
    return os.environ.get("LOCAL_RANK", "0") == "0" and os.environ.get("NODE_RANK", "0") == "0"
