"""A slow second reading of the rules: what a report must say, computed by brute force and sharing no code with it."""
