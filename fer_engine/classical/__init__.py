"""Support vector machines: what they see, how they are fitted, searched and kept."""
