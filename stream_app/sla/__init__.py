"""The pure core of service levels: events, calendars, policies, clocks and what they yield."""
