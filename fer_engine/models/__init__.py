"""Networks: their configuration (plain data), the registry of names, and the modules themselves."""
