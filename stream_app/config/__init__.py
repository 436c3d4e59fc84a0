"""The configuration: `tenggat.yaml` into policies, calendars and settings; mistakes with their line and column."""
