"""The account of one entity: its life told event by event, turn by turn, with every sum shown; pure."""
