"""Whether symbols emerge in a network: conditions, transfer across samples and networks, and dynamics during training."""
