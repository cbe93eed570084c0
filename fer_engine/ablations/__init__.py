"""Ablation studies: which of their runs there are, training what is missing, and what comes of them."""
