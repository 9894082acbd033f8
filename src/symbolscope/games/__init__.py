"""A network as a game: players, baselines, scores and batched evaluation."""
