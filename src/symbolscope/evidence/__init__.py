"""Controls for every reading: nulls, rivals, off-target tests, divergence."""
