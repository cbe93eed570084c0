"""The kinds of error that a user is meant to read."""


class FerLabError(Exception):
    """Something the user can mend: the message is a sentence that names the thing and the way out.

    The command line prints it without a traceback, the dashboard shows it in place of a result.
    """


class BusyError(FerLabError):
    """Another process works on the thing already; who can wait may."""
