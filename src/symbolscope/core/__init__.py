"""The ground floor: what every other folder may use."""
