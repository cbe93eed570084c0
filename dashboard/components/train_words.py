"""Times, sizes and states as people read them. No Streamlit here."""

STATES = {
    "queued": ("Waiting", "gray", ":material/hourglass_empty:"),
    "running": ("Running", "blue", ":material/play_circle:"),
    "stopped": ("Stopped", "orange", ":material/stop_circle:"),
    "failed": ("Failed", "red", ":material/error:"),
    "finished": ("Finished", "green", ":material/check_circle:"),
    "unfinished": ("Unfinished", "orange", ":material/pending:"),
}
PHASES = {
    "waiting": "Waits for the device",
    "loading": "Opens the data",
    "training": "Trains",
    "measuring": "Measures the trained network",
}


def duration(seconds: float) -> str:
    """A time in the units that tell it: '4.2 s', '45 s', '3 min 20 s', '25 min', '2 h 5 min'."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole, minutes = round(seconds), round(seconds / 60)
    if whole < 60:
        return f"{whole} s"
    if whole < 600:
        return f"{whole // 60} min {whole % 60} s"
    return f"{minutes} min" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def memory(size: float) -> str:
    """Bytes in megabytes or gigabytes."""
    return f"{size / 1e9:.1f} GB" if size >= 1e9 else f"{size / 1e6:.0f} MB"
