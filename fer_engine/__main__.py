"""`python -m fer_engine`: the command line."""

import sys


def main() -> None:
    """Run the command line; what a user can mend is said in a sentence on standard error, with exit status 1."""
    from fer_engine.training.neighbour import wait_asleep

    wait_asleep()  # before anything brings in torch
    from fer_engine.cli.app import app
    from fer_engine.errors import FerLabError

    try:
        app(prog_name="python -m fer_engine")
    except FerLabError as error:
        print(error, file=sys.stderr)
        sys.exit(1)


if __name__ == "__main__":
    main()
