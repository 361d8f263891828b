"""Who is below whom, for which procedure and level; and the path that follows from it."""
