"""The certified AND-OR split: exact, and within a tolerance."""
