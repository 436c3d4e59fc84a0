"""A simulated help desk, security desk and machine room: seeded, pure, and valid in every event."""
