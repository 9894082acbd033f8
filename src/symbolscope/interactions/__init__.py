"""AND and OR interactions: transforms, the certified split, and the model they make."""
