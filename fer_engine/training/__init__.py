"""Training of networks: losses, optimizers, schedules and the loop."""
