"""The command line: arguments in, the engine's functions called, text or JSON lines out."""
