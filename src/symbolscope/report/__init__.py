"""The single-file HTML page and the terminal table."""
