"""What a new database starts with: reference data always, the demo province in demo mode."""
