"""Experiments as data: what makes a run, the paper's recipes and our own."""
