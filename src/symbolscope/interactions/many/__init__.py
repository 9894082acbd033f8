"""Explanations of many samples: streamed, kept in one file, resumed where they stopped."""
