"""The first page of each role: what waits for me, and for how long."""
