"""Review committees: what they cover, who founded them, and their annual batches."""
