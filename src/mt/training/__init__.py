"""Training: the loss, the optimizer and its schedule, several devices, and the loop."""
