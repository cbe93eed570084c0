"""`python -m fer_engine`: the command line."""

import os
import sys


def main() -> None:
    """Run the command line; what a user can mend is said in a sentence on standard error, with exit status 1."""
    # Threads of a training that wait for work should sleep, or they slow down everything else on the machine.
    # The OpenMP library reads this when torch is imported, so it stands before every import.
    os.environ.setdefault("OMP_WAIT_POLICY", "passive")
    from fer_engine.cli.app import app
    from fer_engine.errors import FerLabError

    try:
        app(prog_name="python -m fer_engine")
    except FerLabError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
