"""Public notices (公示): dates by working days, what is shown to anyone, objections and how they ended."""
