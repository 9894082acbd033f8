"""The single-file HTML page, the terminal table and the notebook fragment."""
